import { memo, useEffect, useState } from 'react';
import { useLanguage, useText } from '../i18n/index.ts';
import { classes } from '../ui/index.ts';
import { EventLine } from './events.tsx';
import { MessageItem } from './message.tsx';
import { dayOf, isEvent, type Row } from './rows.ts';
import { dayName } from './times.ts';

/** A message with the lines above it. Renders when its row is another one, and at no other time. */
export const LogRow = memo(function LogRow({
  row,
  isHighlighted,
}: {
  readonly row: Row;
  readonly isHighlighted: boolean;
}) {
  const { message } = row;
  return (
    <div className={classes('log-row', row.isFirst && 'log-row--first')}>
      {row.isNewDay && <DayLine ts={message.ts} />}
      {row.isFirstUnread && <UnreadLine />}
      {isEvent(message) ? (
        <EventLine message={message} />
      ) : (
        <MessageItem row={row} isHighlighted={isHighlighted} />
      )}
    </div>
  );
});

function DayLine({ ts }: { readonly ts: number }) {
  const t = useText();
  const now = useToday();
  const language = useLanguage();
  return (
    <p className="day-line">
      <span className="day-line__text">{dayName(ts, language, t, now)}</span>
    </p>
  );
}

const dayMs = 24 * 60 * 60_000;

/** A time of today, another one tomorrow: a page may be open for days. */
function useToday(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setTimeout(() => setNow(Date.now()), Math.max(1000, dayOf(now) + dayMs - now + 1000));
    return () => clearTimeout(timer);
  }, [now]);
  return now;
}

function UnreadLine() {
  const t = useText();
  return (
    <p className="unread-line">
      <span className="unread-line__text">{t.chat.unreadLine}</span>
    </p>
  );
}
