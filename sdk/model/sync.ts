import { merged } from './advance.ts';
import type { Event } from './event.ts';
import type { Ingest } from './ingest.ts';
import { type ConversationShape, headOf, newRecord } from './record.ts';
import type { Records } from './records.ts';
import type { Request } from './request.ts';

const listPage = 500;
const eventsPage = 500;
/** A conversation that came about while this client was away is taken from its start, unless there is more. */
const maxNew = 200;

export interface SyncOptions {
  readonly me: string;
  readonly records: Records;
  readonly ingest: Ingest;
  readonly request: Request;
  /** This client has had the list before: what it does not know is new. */
  readonly wasListed: boolean;
  /** The list is complete. */
  readonly onListed: () => void;
  /** The list has it no more, or it moved to another page while this client read it. */
  readonly onAbsent: (conv: string) => void;
  /** Its newest message is not known. */
  readonly onUnclear: (conv: string) => void;
  /** The user has read further here than the server knows. */
  readonly onReadHere: (conv: string, seq: number) => void;
}

/**
 * Catches up with the server after a connect: first the list, which is what a user sees first, then what was said since
 * in the conversations that are kept here. Of others nothing but the newest event is loaded.
 */
export class Sync {
  readonly #options: SyncOptions;
  /** Conversations in which something happened since the list was asked for. */
  readonly #touched = new Set<string>();
  #isStopped = false;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  /** Something happened there: the answer that is on its way may not know of it. */
  touch(conv: string): void {
    this.#touched.add(conv);
  }

  /** No more of it is taken in. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Rejects with ClientError where the server cannot be asked; what was taken in until then stays. */
  async run(): Promise<void> {
    const behind = new Map<string, Event>();
    const listed = new Set<string>();
    for (const hidden of [false, true]) {
      let cursor: string | undefined;
      do {
        const { request } = this.#options;
        const page = await request('conversations.list', { limit: listPage, hidden, cursor });
        if (this.#isStopped) return;
        for (const shape of page.items) {
          listed.add(shape.conv);
          this.#take(shape, behind);
        }
        cursor = page.next;
      } while (cursor !== undefined);
    }
    const { records, onListed, onAbsent } = this.#options;
    for (const { conv, head } of [...records.all()])
      if (head.seq > 0 && !listed.has(conv) && !this.#touched.has(conv)) onAbsent(conv);
    records.flush();
    onListed();
    await this.#catchUp(behind);
  }

  #take(shape: ConversationShape, behind: Map<string, Event>): void {
    const { me, records, ingest, onUnclear, onReadHere, wasListed } = this.#options;
    const { conv } = shape;
    const before = records.get(conv) ?? newRecord(conv, me);
    if (before.read > shape.read) onReadHere(conv, before.read);
    const record = merged(before, shape, me);
    const head = headOf(shape);
    if (head === undefined || head.seq <= record.to) {
      if (record.to > 0 && record.last === undefined) onUnclear(conv);
      return void ingest.put(record);
    }
    const gap = head.seq - record.to;
    const isNew = record.to === 0;
    if (isNew ? wasListed && gap <= maxNew : gap <= ingest.maxGap) {
      void ingest.put(record);
      if (gap === 1) void ingest.page(conv, [head]);
      else behind.set(conv, head);
      return;
    }
    void ingest.begin(record, head, !isNew || wasListed);
  }

  async #catchUp(behind: ReadonlyMap<string, Event>): Promise<void> {
    const { request, records, ingest } = this.#options;
    const missing = () =>
      [...behind].filter(([conv, head]) => (records.get(conv)?.to ?? head.seq) < head.seq);
    let hasMore = missing().length > 0;
    while (hasMore && !this.#isStopped) {
      const wanted = new Set(missing().map(([conv]) => conv));
      // Whoever is not named is answered from the start: all are named.
      const cursors = Object.fromEntries(
        [...records.all()].map(({ conv, to, head }) => [
          conv,
          wanted.has(conv) ? to : Math.max(to, head.seq),
        ]),
      );
      const answer = await request('sync', { cursors, limit: eventsPage, raw: true });
      if (this.#isStopped) return;
      let isNews = false;
      for (const { conv, events } of answer.conversations) {
        const before = records.get(conv)?.to ?? 0;
        await ingest.page(conv, events as unknown as readonly Event[]);
        isNews ||= (records.get(conv)?.to ?? 0) > before;
      }
      hasMore = isNews && answer.more && missing().length > 0;
    }
  }
}
