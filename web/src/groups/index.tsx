/** Name and members of a new group, in a dialog. */
export function NewGroup({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  return open ? (
    <button type="button" onClick={onClose}>
      …
    </button>
  ) : null;
}

/** What a group is and who is in it, with its management: a panel beside the conversation. */
export function GroupDetails({ gid, onClose }: { readonly gid: string; readonly onClose: () => void }) {
  return (
    <button type="button" onClick={onClose}>
      {gid}
    </button>
  );
}

/** What an invitation by link leads to. */
export function InviteScreen({ gid, code }: { readonly gid: string; readonly code: string }) {
  return (
    <main>
      {gid} {code}
    </main>
  );
}
