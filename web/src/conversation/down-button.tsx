import { ChevronDown } from 'lucide-react';
import { useText } from '../i18n/index.ts';
import { Badge } from '../ui/index.ts';

/** The way back to the newest messages, and how many came meanwhile. */
export function DownButton({
  isShown,
  count,
  onClick,
}: {
  readonly isShown: boolean;
  readonly count: number;
  readonly onClick: () => void;
}) {
  const t = useText();
  if (!isShown) return null;
  const label = count > 0 ? t.chat.newMessages(count) : t.chat.toBottom;
  return (
    <button type="button" className="down-button" aria-label={label} title={label} onClick={onClick}>
      <ChevronDown size={22} aria-hidden="true" />
      {count > 0 && (
        <span className="down-button__count">
          <Badge count={count} />
        </span>
      )}
    </button>
  );
}
