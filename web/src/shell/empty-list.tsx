import { Link, MessagesSquare } from 'lucide-react';
import { useCopy } from '../copy.ts';
import { useText } from '../i18n/index.ts';
import { Button, EmptyState } from '../ui/index.ts';

/** What a newcomer reads: how the first conversation begins. */
export function EmptyList() {
  const t = useText();
  const copy = useCopy();
  return (
    <EmptyState
      icon={<MessagesSquare />}
      title={t.shell.side.empty}
      text={t.shell.side.emptyText}
      action={
        <Button onClick={() => copy(pageAddress())}>
          <Link size={18} aria-hidden="true" />
          {t.shell.side.copyAddress}
        </Button>
      }
    />
  );
}

/** What to send to somebody who is to come here. */
export function pageAddress(): string {
  return location.origin + location.pathname;
}
