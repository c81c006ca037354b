import { useAction, useClient } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { Button, Dialog, useToast } from '../ui/index.ts';
import { leaveConversation } from './entry-menu.tsx';

/** Asks before what was said goes from the user's view. */
export function RemoveConversation({
  conv,
  onClose,
}: {
  readonly conv: string | undefined;
  readonly onClose: () => void;
}) {
  const t = useText();
  const client = useClient();
  const toast = useToast();
  const remove = useAction(async () => {
    if (conv === undefined) return;
    await client.conversation(conv).remove();
    leaveConversation(conv);
    onClose();
    toast(t.shell.entry.removed);
  });
  return (
    <Dialog
      title={t.chat.removeTitle}
      open={conv !== undefined}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.chat.cancel}</Button>
          <Button variant="danger" busy={remove.isBusy} onClick={() => void remove.run()}>
            {t.chat.removeConfirm}
          </Button>
        </>
      }
    >
      <p>{t.chat.removeText}</p>
      {remove.error !== undefined && <p role="alert">{errorText(remove.error, t)}</p>}
    </Dialog>
  );
}
