import { type ReactNode, useId } from 'react';
import { useAction } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { Button, Dialog } from '../ui/index.ts';
import { FormError } from './form-error.tsx';

interface FormDialogProps {
  readonly title: string;
  /** What the button says; "Save" where absent. */
  readonly submit?: string;
  readonly className?: string;
  /** Nothing is done while it is false: the fields say why. */
  readonly isValid?: boolean;
  /** What is done with the fields. The dialog closes behind it, and shows the error where it rejects. */
  readonly work: () => Promise<unknown>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Some fields that are saved together, or not. */
export function FormDialog({
  title,
  submit,
  className,
  isValid = true,
  work,
  onClose,
  children,
}: FormDialogProps) {
  const t = useText();
  const form = useId();
  const { run, isBusy, error } = useAction(work);
  const save = async () => {
    if (isValid && (await run())) onClose();
  };
  return (
    <Dialog
      title={title}
      open
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.people.common.cancel}</Button>
          <Button variant="primary" type="submit" form={form} busy={isBusy}>
            {submit ?? t.people.common.save}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className={className}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {children}
      </form>
      {error !== undefined && <FormError>{errorText(error, t)}</FormError>}
    </Dialog>
  );
}
