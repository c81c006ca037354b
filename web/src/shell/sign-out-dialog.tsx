import { useAction, useClient } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { Button, Dialog } from '../ui/index.ts';

/** Signing out forgets what was not sent: asks before. */
export function SignOutDialog({
  open,
  waiting,
  onClose,
}: {
  readonly open: boolean;
  readonly waiting: number;
  readonly onClose: () => void;
}) {
  const t = useText();
  const client = useClient();
  const leave = useAction(() => client.signOut());
  return (
    <Dialog
      title={t.shell.side.signOutTitle}
      open={open}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.shell.cancel}</Button>
          <Button variant="danger" busy={leave.isBusy} onClick={() => void leave.run()}>
            {t.shell.side.signOutAnyway}
          </Button>
        </>
      }
    >
      <p>{t.shell.side.signOutText(waiting)}</p>
      {leave.error !== undefined && <p role="alert">{errorText(leave.error, t)}</p>}
    </Dialog>
  );
}
