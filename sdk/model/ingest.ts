import { ClientError } from '../errors.ts';
import { Batch } from '../outbox/batch.ts';
import type { Change, Storage } from '../storage.ts';
import { advanced } from './advance.ts';
import { changeOf, type Event, erasedUid } from './event.ts';
import { eventKey, type Kept, keptKey, recordKey } from './pages.ts';
import { type ConversationRecord, newRecord } from './record.ts';
import type { Records } from './records.ts';
import type { Request } from './request.ts';
import { scrub } from './scrub.ts';

/** From so many missing events on they are left to be loaded when somebody looks at them. */
const maxGapDefault = 5000;
const pageSize = 500;
const retryMs = 2000;

export interface IngestOptions {
  readonly me: string;
  readonly records: Records;
  readonly storage: Pick<Storage, 'range' | 'write'>;
  readonly request: Request;
  /** New ones of a conversation, behind all that were there. */
  readonly onEvents: (conv: string, events: readonly Event[]) => void;
  /** What was loaded of it is not joined with what comes now. */
  readonly onReset: (conv: string) => void;
  /** Put in the place of the one before, after its events. */
  readonly onRecord: (record: ConversationRecord) => void;
  /** Written: what other tabs may know now. `events` is in the storage, as is the record. */
  readonly onWritten: (written: Written) => void;
  /** The newest event is a change of a message that is not kept. */
  readonly onUnclear: (conv: string) => void;
  /** Something was said in a conversation of which nothing is known. */
  readonly onUnknown: (conv: string) => void;
  readonly onError: (error: unknown) => void;
  /** 5,000 where absent. */
  readonly maxGap?: number;
}

export interface Written {
  readonly conv: string;
  /** Absent: it is gone. */
  readonly record?: ConversationRecord | undefined;
  readonly events?: readonly Event[] | undefined;
  /** Whether what was loaded before is not joined with what is there now. */
  readonly isReset?: boolean | undefined;
}

interface Waiting {
  readonly seq: number;
  readonly resolve: (written: Promise<void>) => void;
}

/**
 * Takes events in, where this client leads: each conversation's in order and without holes, shown at once, then written.
 *
 * Guarantee: a conversation's record and its events go into the storage together, and no event is there whose predecessor
 * is missing, from the place on where what is kept begins.
 */
export class Ingest {
  readonly maxGap: number;
  readonly #options: IngestOptions;
  readonly #batch: Batch;
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #repairing = new Set<string>();
  #timers = new Set<ReturnType<typeof setTimeout>>();
  #written: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.maxGap = options.maxGap ?? maxGapDefault;
    this.#batch = new Batch(options.storage);
  }

  /** A live event. Resolves when it is kept, and everything before it, or told of as not to be kept. */
  live(event: Event): Promise<void> {
    const { conv, seq } = event;
    const { records, me, onUnknown } = this.#options;
    const record = records.get(conv);
    if (record === undefined) {
      const begun = this.begin(newRecord(conv, me), event, true);
      onUnknown(conv);
      return begun;
    }
    if (seq <= record.to) return this.#written;
    if (record.to === 0) return this.begin(record, event, true);
    if (seq === record.to + 1) return this.#commit(record, [event]);
    return this.reach(conv, seq);
  }

  /** What is kept of the conversation begins anew with this event; what was kept before goes. */
  begin(record: ConversationRecord, event: Event, isNews = false, isStart = event.seq === 1): Promise<void> {
    const { conv, seq } = event;
    const { onReset, onEvents, onUnclear } = this.#options;
    const isReset = record.to > 0;
    const { last: _, ...rest } = record;
    const next = advanced(isReset ? rest : record, event, this.#options.me);
    const kept: Kept = { from: seq, isStart };
    this.#options.records.put(next);
    if (isReset) onReset(conv);
    if (isNews) onEvents(conv, [event]);
    if (next.last === undefined) onUnclear(conv);
    return this.#write({ conv, record: next, isReset, ...(isNews && { events: [event] }) }, [
      { table: 'events', from: [conv, 0], to: [conv, seq - 1], delete: true },
      { table: 'events', key: eventKey(event), value: event },
      { table: 'meta', key: keptKey(this.#options.me, conv), value: kept },
    ]);
  }

  /** Events as the server gave them for what is behind the record's `to`: where they begin later, the rest is not to be seen. */
  page(conv: string, events: readonly Event[]): Promise<void> {
    const { records, me } = this.#options;
    const record = records.get(conv) ?? newRecord(conv, me);
    const fresh = events.filter(({ seq }) => seq > record.to);
    const first = fresh[0];
    if (first === undefined) return this.#written;
    if (first.seq === record.to + 1 && record.to > 0) return this.#commit(record, fresh);
    const begun = this.begin(record, first, true, true);
    return fresh.length === 1 ? begun : this.#commit(records.get(conv)!, fresh.slice(1));
  }

  #commit(record: ConversationRecord, events: readonly Event[]): Promise<void> {
    const { records, me, onEvents, storage, onError } = this.#options;
    const { conv } = record;
    const next = events.reduce((now, event) => advanced(now, event, me), record);
    records.put(next);
    onEvents(conv, events);
    const written = this.#write(
      { conv, record: next, events },
      events.map((value) => ({ table: 'events', key: eventKey(value), value })),
    );
    const erasing = events.filter((event) => event.type === 'recall' || erasedUid(event) !== undefined);
    for (const event of erasing)
      written
        .then(() => scrub(storage, event, changeOf(event)?.target ?? 0))
        .catch((error: unknown) => onError(error));
    return written;
  }

  /** Replaces a record by what came of it, here, in the storage and in the other tabs. */
  put(record: ConversationRecord): Promise<void> {
    const { records } = this.#options;
    if (records.get(record.conv) === record) return this.#written;
    records.put(record);
    return this.#write({ conv: record.conv, record }, []);
  }

  /** The conversation is out of the user's view, with all that was said. */
  forget(conv: string): Promise<void> {
    const { records, onReset } = this.#options;
    records.remove(conv);
    onReset(conv);
    this.#settle(conv, Number.POSITIVE_INFINITY, this.#written);
    return this.#write({ conv, isReset: true }, [
      { table: 'events', from: [conv, 0], to: [conv, Number.MAX_SAFE_INTEGER], delete: true },
      { table: 'meta', key: keptKey(this.#options.me, conv), delete: true },
    ]);
  }

  /** Resolves when all that was taken in is written. */
  get written(): Promise<void> {
    return this.#written;
  }

  #write(news: Written, changes: readonly Change[]): Promise<void> {
    const { conv, record } = news;
    const { onWritten, onRecord, me } = this.#options;
    const key = recordKey(me, conv);
    if (record !== undefined) onRecord(record);
    const kept: Change =
      record === undefined
        ? { table: 'conversations', key, delete: true }
        : { table: 'conversations', key, value: record };
    // What cannot be kept is shown all the same: to refuse it would only stop all that comes behind it.
    const written = this.#batch.write([...changes, kept]).then(
      () => onWritten(news),
      (error: unknown) => this.#options.onError(error),
    );
    this.#written = written;
    if (record !== undefined) this.#settle(conv, record.to, written);
    return written;
  }

  /** Gets what is missing up to this seq. Resolves when it is kept, which may be after the next connect. */
  reach(conv: string, seq: number): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      const waiting = this.#waiting.get(conv) ?? [];
      waiting.push({ seq, resolve });
      this.#waiting.set(conv, waiting);
    });
    void this.#repair(conv);
    return reached;
  }

  async #repair(conv: string): Promise<void> {
    if (this.#repairing.has(conv)) return;
    this.#repairing.add(conv);
    try {
      for (;;) {
        const wanted = Math.max(0, ...(this.#waiting.get(conv) ?? []).map(({ seq }) => seq));
        const to = this.#options.records.get(conv)?.to ?? 0;
        if (this.#isClosed || wanted <= to) return;
        if (!(await this.#more(conv, wanted, to))) this.#settle(conv, wanted, this.#written);
      }
    } catch (error) {
      if (error instanceof ClientError && error.code === 'conversation.not-found')
        return this.#settle(conv, Number.POSITIVE_INFINITY, this.#written);
      this.#later(() => void this.#repair(conv));
    } finally {
      this.#repairing.delete(conv);
    }
  }

  /** False where there is nothing more to see. */
  async #more(conv: string, wanted: number, to: number): Promise<boolean> {
    const { request, records, me } = this.#options;
    const isFar = wanted - to > this.maxGap;
    const input = isFar ? { conv, limit: 1 } : { conv, after: to, limit: pageSize };
    const answer = await request('history', { ...input, raw: true });
    const events = answer.events as unknown as readonly Event[];
    if (this.#isClosed || events.length === 0) return false;
    if (isFar && events[0]!.seq > (records.get(conv)?.to ?? 0) + 1)
      void this.begin(records.get(conv) ?? newRecord(conv, me), events[0]!, true);
    else void this.page(conv, events);
    return true;
  }

  /** Who waited for something up to there has it. */
  #settle(conv: string, to: number, written: Promise<void>): void {
    const waiting = this.#waiting.get(conv);
    if (waiting === undefined) return;
    const rest = waiting.filter(({ seq }) => seq > to);
    for (const { seq, resolve } of waiting) if (seq <= to) resolve(written);
    if (rest.length === 0) this.#waiting.delete(conv);
    else this.#waiting.set(conv, rest);
  }

  #later(work: () => void): void {
    if (this.#isClosed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, retryMs);
    this.#timers.add(timer);
  }

  /** Takes nothing in any more; resolves when all is written. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = new Set();
    await this.#written.catch(() => {});
  }
}
