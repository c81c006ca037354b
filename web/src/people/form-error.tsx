import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import './form-error.css';

/** Why a form could not be sent, read out when it appears. */
export function FormError({ children }: { readonly children: ReactNode }) {
  return (
    <p className="form-error" role="alert">
      <CircleAlert size={18} aria-hidden />
      <span>{children}</span>
    </p>
  );
}
