import { lazy, Suspense } from 'react';
import { Spinner } from '../ui/index.ts';

// None of these is needed to read and write: they come when they are opened.
const LazyNewGroup = lazy(() => import('./new-group.tsx').then((file) => ({ default: file.NewGroupDialog })));
const LazyDetails = lazy(() =>
  import('./group-details.tsx').then((file) => ({ default: file.GroupDetails })),
);
const LazyInvite = lazy(() => import('./invite-screen.tsx').then((file) => ({ default: file.InviteScreen })));

/** Name and members of a new group, in a dialog. */
export function NewGroup({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  if (!open) return null;
  return (
    <Suspense>
      <LazyNewGroup onClose={onClose} />
    </Suspense>
  );
}

/** What a group is and who is in it, with its management: a panel beside the conversation. */
export function GroupDetails(props: { readonly gid: string; readonly onClose: () => void }) {
  return (
    <Suspense fallback={<Spinner />}>
      <LazyDetails {...props} />
    </Suspense>
  );
}

/** What an invitation by link leads to. */
export function InviteScreen(props: { readonly gid: string; readonly code?: string | undefined }) {
  return (
    <Suspense fallback={<Spinner />}>
      <LazyInvite {...props} />
    </Suspense>
  );
}
