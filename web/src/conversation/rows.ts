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

/** Rows, and what they were made of: the next are made of what changed since. */
export interface Rows {
  readonly rows: readonly Row[];
  readonly items: MessageList['items'];
  readonly unreadAfter: number | undefined;
  /** The row that was made last for a message. */
  readonly cache: WeakMap<Message, Row>;
}

export const noRows = (): Rows => ({ rows: [], items: [], unreadAfter: undefined, cache: new WeakMap() });

const longPauseMs = 5 * 60_000;

/** What the server wrote for a line between the messages. */
export const isEvent = ({ type }: Message): boolean =>
  type === 'group' || type === 'member' || type === 'system';

/** The rows of these messages. Those that are still right are the same objects, so that they need not render again. */
export function rowsOf(
  items: MessageList['items'],
  unreadAfter: number | undefined,
  me: string,
  before: Rows,
): Rows {
  const { cache } = before;
  const firstUnread = unreadAfter === undefined ? -1 : indexOfUnread(items, unreadAfter, me);
  // What is answered is before its answer: rows before the first change stay as they are, save the one beside it.
  const unchanged = unreadAfter === before.unreadAfter ? sameStart(items, before.items) : 0;
  const from = Math.max(0, unchanged - 1);
  const rows = before.rows.slice(0, from);
  let isFirst = from === 0 || from === firstUnread || !belongTogether(items[from - 1]!, items[from]);
  for (let i = from; i < items.length; i++) {
    const message = items[i]!;
    const isLast = i + 1 === firstUnread || !belongTogether(message, items[i + 1]);
    const row = reuse(cache.get(message), {
      message,
      isNewDay: i === 0 || dayOf(items[i - 1]!.ts) !== dayOf(message.ts),
      isFirstUnread: i === firstUnread,
      isFirst,
      isLast,
      quoted: message.replyTo === undefined ? undefined : messageOf(items, message.replyTo),
    });
    cache.set(message, row);
    rows.push(row);
    isFirst = isLast;
  }
  return { rows, items, unreadAfter, cache };
}

function sameStart(items: MessageList['items'], before: MessageList['items']): number {
  const length = Math.min(items.length, before.length);
  for (let i = 0; i < length; i++) if (items[i] !== before[i]) return i;
  return length;
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

function belongTogether(one: Message, next: Message | undefined): boolean {
  return (
    next !== undefined &&
    one.from === next.from &&
    next.ts - one.ts < longPauseMs &&
    !isEvent(one) &&
    !isEvent(next) &&
    dayOf(one.ts) === dayOf(next.ts)
  );
}

function indexOfUnread(items: MessageList['items'], read: number, me: string): number {
  for (let i = firstBehind(items, read); i < items.length; i++) {
    const message = items[i]!;
    if (message.seq !== undefined && message.from !== me && !isEvent(message)) return i;
  }
  return -1;
}

/** The place of the first whose seq is greater. What has no seq yet is at the end. */
function firstBehind(items: MessageList['items'], seq: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]!.seq ?? Number.POSITIVE_INFINITY) > seq) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The place of a seq; -1 where it is not loaded. */
export function indexOfSeq(items: MessageList['items'], seq: number): number {
  const index = firstBehind(items, seq) - 1;
  return items[index]?.seq === seq ? index : -1;
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
