import type { Message } from '../../../sdk/types.ts';
import { useText } from '../i18n/index.ts';
import { Button, Dialog } from '../ui/index.ts';
import { usePane } from './pane.tsx';

export function RecallDialog({
  message,
  onClose,
}: {
  readonly message: Message;
  readonly onClose: () => void;
}) {
  const t = useText();
  const { conversation, watch } = usePane();
  const recall = (): void => {
    if (message.seq !== undefined) watch(conversation.recall(message.seq));
    onClose();
  };
  return (
    <Dialog
      open
      title={t.chat.recallTitle}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.chat.cancel}</Button>
          <Button variant="danger" onClick={recall}>
            {t.chat.actions.recall}
          </Button>
        </>
      }
    >
      <p>{t.chat.recallText}</p>
    </Dialog>
  );
}
