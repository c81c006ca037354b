import {
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type TextareaHTMLAttributes,
  useId,
} from 'react';
import { classes } from './classes.ts';
import './text-field.css';

interface FieldProps {
  readonly label: string;
  /** The label is for screen readers alone; give a placeholder then. */
  readonly hideLabel?: boolean;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
}

export interface TextFieldProps extends FieldProps, InputHTMLAttributes<HTMLInputElement> {
  /** Inside the box, before and behind what is typed. */
  readonly leading?: ReactNode;
  readonly trailing?: ReactNode;
  readonly ref?: Ref<HTMLInputElement>;
}

export function TextField({
  label,
  hideLabel,
  hint,
  error,
  leading,
  trailing,
  className,
  ...rest
}: TextFieldProps) {
  const { id, noteId, frame } = useField({ label, hideLabel, hint, error }, rest.id);
  return frame(
    <div className={classes('field__box', className)}>
      {leading !== undefined && <span className="field__leading">{leading}</span>}
      <input
        type="text"
        {...rest}
        id={id}
        className="field__input"
        aria-invalid={error ? true : undefined}
        aria-describedby={noteId}
      />
      {trailing}
    </div>,
  );
}

export interface TextAreaProps extends FieldProps, TextareaHTMLAttributes<HTMLTextAreaElement> {
  readonly ref?: Ref<HTMLTextAreaElement>;
}

export function TextArea({ label, hideLabel, hint, error, className, ...rest }: TextAreaProps) {
  const { id, noteId, frame } = useField({ label, hideLabel, hint, error }, rest.id);
  return frame(
    <div className={classes('field__box', className)}>
      <textarea
        rows={3}
        {...rest}
        id={id}
        className="field__input field__input--area"
        aria-invalid={error ? true : undefined}
        aria-describedby={noteId}
      />
    </div>,
  );
}

/** Label, box and what is said below it, tied together. */
function useField(
  { label, hideLabel, hint, error }: { [K in keyof FieldProps]: FieldProps[K] | undefined },
  ownId: string | undefined,
) {
  const made = useId();
  const id = ownId ?? made;
  const note = error || hint;
  const noteId = note ? `${id}-note` : undefined;
  const frame = (box: ReactNode) => (
    <div className={classes('field', Boolean(error) && 'field--error')}>
      <label className={hideLabel ? 'unseen' : 'field__label'} htmlFor={id}>
        {label}
      </label>
      {box}
      {note && (
        <p id={noteId} className="field__note" role={error ? 'alert' : undefined}>
          {note}
        </p>
      )}
    </div>
  );
  return { id, noteId, frame };
}
