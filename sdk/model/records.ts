import { type Signal, State } from '../signal.ts';
import type { ConversationEntry, Message } from '../types.ts';
import { type ConversationRecord, compareRecords, toEntry } from './record.ts';

/** All conversations of the user in memory, and what a list shows of them. */
export class Records {
  readonly #records = new Map<string, ConversationRecord>();
  /** The entries that were shown last, by what they were made of. */
  readonly #entries = new WeakMap<ConversationRecord, ConversationEntry>();
  readonly #signals = new Map<string, State<ConversationEntry | undefined>>();
  readonly #list = new State<readonly ConversationEntry[]>([]);
  readonly #now: () => number;
  /** The newest message of a conversation that waits to be sent. */
  readonly #waiting = new Map<string, Message>();
  #isStale = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Those to be shown, in their order. Changes that are made in one turn are told once. */
  get list(): Signal<readonly ConversationEntry[]> {
    return this.#list;
  }

  get(conv: string): ConversationRecord | undefined {
    return this.#records.get(conv);
  }

  all(): IterableIterator<ConversationRecord> {
    return this.#records.values();
  }

  entry(conv: string): Signal<ConversationEntry | undefined> {
    let signal = this.#signals.get(conv);
    if (signal === undefined) {
      signal = new State(this.#entryOf(this.#records.get(conv)));
      this.#signals.set(conv, signal);
    }
    return signal;
  }

  put(record: ConversationRecord): void {
    if (this.#records.get(record.conv) === record) return;
    this.#records.set(record.conv, record);
    this.#signals.get(record.conv)?.set(this.#entryOf(record));
    this.#touch();
  }

  remove(conv: string): void {
    if (!this.#records.delete(conv)) return;
    this.#signals.get(conv)?.set(undefined);
    this.#touch();
  }

  /** What waits to be sent is the newest message; a conversation where nothing else was said is listed for it. */
  setWaiting(conv: string, message: Message | undefined): void {
    if (this.#waiting.get(conv)?.key === message?.key && this.#waiting.get(conv)?.state === message?.state)
      return;
    if (message === undefined) this.#waiting.delete(conv);
    else this.#waiting.set(conv, message);
    const record = this.#records.get(conv);
    if (record === undefined) return;
    this.#entries.delete(record);
    this.#signals.get(conv)?.set(this.#entryOf(record));
    this.#touch();
  }

  /** Everything, now; nothing is shown any more. */
  clear(): void {
    this.#records.clear();
    this.#waiting.clear();
    for (const signal of this.#signals.values()) signal.set(undefined);
    this.#list.set([]);
  }

  /** Tells of the list at once, where it has changed. */
  flush(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    const shown = [...this.#records.values()].filter((record) => this.#isShown(record));
    shown.sort((a, b) => compareRecords(a, b, (record) => this.#tsOf(record)));
    this.#list.set(shown.map((record) => this.#entryOf(record)!));
  }

  #touch(): void {
    if (this.#isStale) return;
    this.#isStale = true;
    queueMicrotask(() => this.flush());
  }

  #entryOf(record: ConversationRecord | undefined): ConversationEntry | undefined {
    if (record === undefined) return undefined;
    let entry = this.#entries.get(record);
    if (entry === undefined) {
      const waiting = this.#waiting.get(record.conv);
      entry = toEntry(record, this.#now());
      if (waiting !== undefined) entry = { ...entry, last: waiting, ts: this.#tsOf(record) };
      this.#entries.set(record, entry);
    }
    return entry;
  }

  /** One that is only kept for its draft or the like is no part of the list, as it is none of the server's. */
  #isShown({ conv, hidden, head }: ConversationRecord): boolean {
    return !hidden && (head.seq > 0 || this.#waiting.has(conv));
  }

  #tsOf({ conv, head }: ConversationRecord): number {
    return Math.max(head.ts, this.#waiting.get(conv)?.ts ?? 0);
  }
}
