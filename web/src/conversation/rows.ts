import type { Message, MessageList } from '../../../sdk/types.ts';

/** A line of the log: a message, with what is shown around it. */
export interface Row {
  readonly message: Message;
  readonly isNewDay: boolean;
  /** Whether the line that says "new messages" is above it. */
  readonly isFirstUnread: boolean;
  /** The first and the last of what one person says in a row. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** What it answers, as far as it is loaded. */
  readonly quoted: Message | undefined;
}

/** The row that was made last for a message: what did not change need not render again. */
export type RowCache = WeakMap<Message, Row>;

const longPauseMs = 5 * 60_000;

/** What the server wrote for a line between the messages. */
export const isEvent = ({ type }: Message): boolean =>
  type === 'group' || type === 'member' || type === 'system';

/** The rows of these messages. Those in `cache` that are still right are the same objects. */
export function rowsOf(
  items: MessageList['items'],
  unreadAfter: number | undefined,
  me: string,
  cache: RowCache,
): readonly Row[] {
  const firstUnread = unreadAfter === undefined ? -1 : indexOfUnread(items, unreadAfter, me);
  const rows: Row[] = new Array(items.length);
  // Whether one belongs to the one before it is asked once, and used for both.
  let isFirst = true;
  for (let i = 0; i < items.length; i++) {
    const message = items[i]!;
    const next = items[i + 1];
    const isLast = next === undefined || i + 1 === firstUnread || !belongTogether(message, next);
    const row = reuse(cache.get(message), {
      message,
      isNewDay: i === 0 || dayOf(items[i - 1]!.ts) !== dayOf(message.ts),
      isFirstUnread: i === firstUnread,
      isFirst,
      isLast,
      quoted: message.replyTo === undefined ? undefined : messageOf(items, message.replyTo),
    });
    cache.set(message, row);
    rows[i] = row;
    isFirst = isLast;
  }
  return rows;
}

function reuse(known: Row | undefined, row: Row): Row {
  return known !== undefined &&
    known.isNewDay === row.isNewDay &&
    known.isFirstUnread === row.isFirstUnread &&
    known.isFirst === row.isFirst &&
    known.isLast === row.isLast &&
    known.quoted === row.quoted
    ? known
    : row;
}

function belongTogether(one: Message, next: Message): boolean {
  return (
    one.from === next.from &&
    next.ts - one.ts < longPauseMs &&
    !isEvent(one) &&
    !isEvent(next) &&
    dayOf(one.ts) === dayOf(next.ts)
  );
}

function indexOfUnread(items: MessageList['items'], read: number, me: string): number {
  return items.findIndex(
    (message) => message.seq !== undefined && message.seq > read && message.from !== me && !isEvent(message),
  );
}

/** The place of a seq; -1 where it is not loaded. */
export function indexOfSeq(items: MessageList['items'], seq: number): number {
  let low = 0;
  let high = items.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    // What has no seq yet is at the end.
    const found = items[middle]!.seq ?? Number.POSITIVE_INFINITY;
    if (found === seq) return middle;
    if (found < seq) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function messageOf(items: MessageList['items'], seq: number): Message | undefined {
  const index = indexOfSeq(items, seq);
  return index < 0 ? undefined : items[index];
}

let day = { from: 0, to: 0 };

/** When the local day of a time began, ms. Neighbours are mostly of one day. */
export function dayOf(ts: number): number {
  if (ts >= day.from && ts < day.to) return day.from;
  const date = new Date(ts);
  const from = new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const to = new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime();
  day = { from, to };
  return from;
}
