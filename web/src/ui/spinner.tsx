import { useText } from '../i18n/index.ts';
import './spinner.css';

export function Spinner({ size = 24, label }: { readonly size?: number; readonly label?: string }) {
  const t = useText();
  return (
    <svg
      className="spinner"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      role="img"
      aria-label={label ?? t.shell.loading}
    >
      <circle className="spinner__track" cx="12" cy="12" r="9" />
      <path className="spinner__head" d="M12 3a9 9 0 0 1 9 9" />
    </svg>
  );
}
