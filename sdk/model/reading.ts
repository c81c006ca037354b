import type { Storage } from '../storage.ts';
import type { Transport } from '../transport.ts';
import { mentionsMe } from './advance.ts';
import { parseConv, topicOf } from './conv.ts';
import type { Event } from './event.ts';
import { type ConversationRecord, patched } from './record.ts';

/** A cursor that moves on and on is told no more often. */
const pauseMs = 400;
/** Of so many unread messages at most the mentions are counted here. */
const maxCounted = 500;

/** A cursor before the head, and what is unread behind it; undefined where that is not kept. */
export async function readUpTo(
  record: ConversationRecord,
  seq: number,
  me: string,
  storage: Pick<Storage, 'range'>,
): Promise<{ readonly read: number; readonly readN: number; readonly mentions: number } | undefined> {
  const events = await storage.range<Event>('events', {
    from: [record.conv, seq],
    to: [record.conv, record.head.seq],
    limit: maxCounted + 1,
  });
  const [at, ...rest] = events;
  if (at?.seq !== seq) return undefined;
  const mentions = rest.filter((event) => mentionsMe(event, me)).length;
  return { read: seq, readN: at.n, mentions: Math.min(mentions, record.mentions) };
}

export const readWhole = ({ head }: Pick<ConversationRecord, 'head'>) => ({
  read: head.seq,
  readN: head.n,
  mentions: 0,
});

/** The record with that cursor, unless its own is there or beyond. Reading takes the mark away in any case. */
export const withRead = (
  record: ConversationRecord,
  cursor: { readonly read: number; readonly readN: number; readonly mentions: number },
): ConversationRecord => patched(record, { ...(cursor.read > record.read && cursor), markedUnread: false });

/** Tells the server how far the user has read: the newest place, not each. What could not be told is told after the next connect. */
export class ReadTeller {
  readonly #transport: Pick<Transport, 'state' | 'publish'>;
  readonly #me: string;
  readonly #untold = new Map<string, number>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(transport: Pick<Transport, 'state' | 'publish'>, me: string) {
    this.#transport = transport;
    this.#me = me;
  }

  tell(conv: string, seq: number): void {
    this.#untold.set(conv, Math.max(seq, this.#untold.get(conv) ?? 0));
    if (!this.#timers.has(conv)) this.#publish(conv);
  }

  /** After a connect. */
  tellAll(): void {
    for (const conv of [...this.#untold.keys()]) this.tell(conv, 0);
  }

  #publish(conv: string): void {
    const seq = this.#untold.get(conv);
    if (seq === undefined || this.#transport.state.value !== 'online') return;
    this.#untold.delete(conv);
    const topic = `read/${topicOf(parseConv(conv, this.#me))}`;
    this.#transport.publish(topic, JSON.stringify({ seq })).catch((error: unknown) => {
      const isRetryable = (error as { retryable?: unknown }).retryable === true;
      if (isRetryable) this.#untold.set(conv, Math.max(seq, this.#untold.get(conv) ?? 0));
    });
    const timer = setTimeout(() => {
      this.#timers.delete(conv);
      this.#publish(conv);
    }, pauseMs);
    this.#timers.set(conv, timer);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#untold.clear();
  }
}
