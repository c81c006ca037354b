import type { ButtonHTMLAttributes, Ref } from 'react';
import { classes } from './classes.ts';
import { Spinner } from './spinner.tsx';
import './button.css';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly variant?: 'primary' | 'plain' | 'danger';
  /** At work: shows so, and does not take clicks. */
  readonly busy?: boolean;
  readonly ref?: Ref<HTMLButtonElement>;
}

export function Button({
  variant = 'plain',
  busy = false,
  className,
  children,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={classes('button', `button--${variant}`, busy && 'button--busy', className)}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      <span className="button__content">{children}</span>
      {busy && (
        <span className="button__spinner">
          <Spinner size={18} />
        </span>
      )}
    </button>
  );
}
