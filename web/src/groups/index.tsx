import { later } from '../later.tsx';

const LaterDialog = later(({ NewGroupDialog }) => NewGroupDialog, null);

/** Name and members of a new group, in a dialog. */
export function NewGroup({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  return open ? <LaterDialog onClose={onClose} /> : null;
}

/** What a group is and who is in it, with its management: a panel beside the conversation. */
export const GroupDetails = later(({ GroupDetails }) => GroupDetails);

/** What an invitation by link leads to. */
export const InviteScreen = later(({ InviteScreen }) => InviteScreen);
