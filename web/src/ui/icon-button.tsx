import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { classes } from './classes.ts';
import './button.css';

export interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children'> {
  /** Its name for screen readers, and what is shown beside the pointer. */
  readonly label: string;
  /** An icon of lucide-react. */
  readonly icon: ReactNode;
  readonly small?: boolean;
  readonly variant?: 'plain' | 'primary';
  readonly ref?: Ref<HTMLButtonElement>;
}

export function IconButton({
  label,
  icon,
  small = false,
  variant = 'plain',
  className,
  ...rest
}: IconButtonProps) {
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      {...rest}
      className={classes('icon-button', `icon-button--${variant}`, small && 'icon-button--small', className)}
    >
      {icon}
    </button>
  );
}
