import { useAction } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { Button, Dialog } from '../ui/index.ts';
import { FormError } from './form-error.tsx';

interface ConfirmProps {
  readonly title: string;
  readonly text: string;
  readonly submit: string;
  /** For what takes something away. */
  readonly isDanger?: boolean;
  readonly work: () => Promise<unknown>;
  readonly onDone?: () => void;
  readonly onClose: () => void;
}

/** Asks before something that cannot be undone; stays open, and says why, where it failed. */
export function Confirm({ title, text, submit, isDanger = false, work, onDone, onClose }: ConfirmProps) {
  const t = useText();
  const { run, isBusy, error } = useAction(work);
  const confirm = async () => {
    if (!(await run())) return;
    onClose();
    onDone?.();
  };
  return (
    <Dialog
      title={title}
      open
      onClose={onClose}
      actions={
        <>
          <Button variant="plain" onClick={onClose}>
            {t.people.common.cancel}
          </Button>
          <Button variant={isDanger ? 'danger' : 'primary'} busy={isBusy} onClick={() => void confirm()}>
            {submit}
          </Button>
        </>
      }
    >
      <p>{text}</p>
      {error !== undefined && <FormError>{errorText(error, t)}</FormError>}
    </Dialog>
  );
}
