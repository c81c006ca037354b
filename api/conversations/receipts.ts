import { setTimeout } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { PetrelError } from '../../schemas/errors.ts';
import type { Conv, ConvId, StoredEvent } from '../../schemas/event.ts';
import type { Directory } from '../../store/directory.ts';
import type { Cursor, Timeline } from '../../store/timeline.ts';
import { readPaging, toCursor } from '../operations/shapes.ts';
import type { Readable } from './access.ts';

const chunk = 1000;
/** The counts of an event that took more than one chunk hold so long. */
const countsMs = 5000;
const maxCounts = 1000;
const restMs = 2;

interface Counts {
  members: number;
  delivered: number;
  read: number;
}

export interface Receipts {
  delivered: string[];
  read: string[];
  /** Of all who could have it, the sender aside; as they were when the first page was asked for. */
  counts: Counts;
  next?: string;
}

interface Reader {
  readonly uid: string;
  /** Whether others are told how far they have read. */
  readonly readReceipts: boolean;
}

interface Stores {
  readonly directory: Pick<Directory, 'peers' | 'readersOf' | 'userFacts'>;
  readonly timeline: Pick<Timeline, 'range' | 'cursorsOf'>;
}

/** Who may have the event, in uid order, from after `after`, some at a time. */
async function* readersOf(
  directory: Stores['directory'],
  conv: Conv,
  seq: number,
  after: string,
): AsyncGenerator<readonly Reader[]> {
  if (conv.kind === 'direct') {
    const uids = [...new Set([conv.a, conv.b])].filter((uid) => uid > after);
    const people = await directory.peers(uids);
    yield uids.map((uid) => ({ uid, readReceipts: people.get(uid)?.readReceipts ?? true }));
    return;
  }
  for (let from = after; ; ) {
    const readers = await directory.readersOf(conv.gid, seq, from, chunk);
    yield readers;
    if (readers.length < chunk) return;
    from = readers.at(-1)!.uid;
  }
}

/** The cursors of a conversation, to be asked for in uid order. */
class Cursors {
  readonly #timeline: Stores['timeline'];
  readonly #conv: ConvId;
  #after: string;
  #page: readonly Cursor[] = [];
  #next = 0;
  #ended = false;

  constructor(timeline: Stores['timeline'], conv: ConvId, after: string) {
    this.#timeline = timeline;
    this.#conv = conv;
    this.#after = after;
  }

  /** Reads on until the user's cursor, if there is one, is at hand. */
  async reach(uid: string): Promise<void> {
    while (!this.#ended && (this.#page.at(-1)?.uid ?? '') < uid) {
      this.#page = await this.#timeline.cursorsOf(this.#conv, this.#after, chunk);
      this.#next = 0;
      this.#after = this.#page.at(-1)?.uid ?? this.#after;
      this.#ended = this.#page.length < chunk;
    }
  }

  /** Whether `reach` has to be called before `of`. */
  isShort(uid: string): boolean {
    return !this.#ended && (this.#page.at(-1)?.uid ?? '') < uid;
  }

  of(uid: string): Cursor | undefined {
    while (this.#next < this.#page.length && this.#page[this.#next]!.uid < uid) this.#next++;
    const cursor = this.#page[this.#next];
    return cursor?.uid === uid ? cursor : undefined;
  }
}

/**
 * Receipts are computed from cursors when asked: readers and cursors are both in uid order and are walked side by side, a
 * thousand at a time. The first page has all counted, the later ones have its counts with them; each begins where the one
 * before ended. Who does not tell what they have read counts as one who has it, and is not told of others.
 */
export class ReceiptReader {
  readonly #stores: Stores;
  readonly #counts = new LRUCache<string, Promise<Counts>>({ max: maxCounts, ttl: countsMs });
  /** Counting in large groups: one event at a time for each who asks. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  /** `target.not-found` where there is no such event, or none that the asker may see. */
  async of(
    { conv, since }: Pick<Readable, 'conv' | 'since'>,
    asker: string,
    seq: number,
    paging: { limit?: number; cursor?: string },
  ): Promise<Receipts> {
    const { directory, timeline } = this.#stores;
    const { limit, after: place } = readPaging(paging);
    const { after, known } = parsePlace(place);
    const [[event], { readReceipts: mayKnow }] = await Promise.all([
      seq < since ? [] : timeline.range({ conv: conv.id, after: seq - 1, limit: 1 }),
      directory.userFacts(asker),
    ]);
    if (event?.seq !== seq) throw new PetrelError('target.not-found');
    const walk = new Walk(this.#stores, conv, event, after);
    const delivered: string[] = [];
    const read: string[] = [];
    const isMore = await walk.visit((uid, hasRead) => {
      if (delivered.length === limit) return false;
      delivered.push(uid);
      if (hasRead && mayKnow) read.push(uid);
      return true;
    });
    const counts = known ?? (isMore ? await this.#count(conv, event, asker) : walk.counts);
    const shown = mayKnow ? counts : { ...counts, read: 0 };
    return {
      delivered,
      read,
      counts: shown,
      ...(isMore && { next: toCursor(placeOf(delivered.at(-1) ?? after, shown)) }),
    };
  }

  /** Counts all who have it; those who ask for the same at the same time share the work. */
  #count(conv: Conv, event: StoredEvent, asker: string): Promise<Counts> {
    const key = `${conv.id} ${event.seq}`;
    const known = this.#counts.get(key);
    if (known !== undefined) return known;
    const before = this.#turns.get(asker) ?? Promise.resolve();
    const counting = before.then(async () => {
      const walk = new Walk(this.#stores, conv, event, '');
      await walk.visit(() => true);
      // What was counted quickly is counted again.
      if (walk.counts.members < chunk) this.#counts.delete(key);
      return walk.counts;
    });
    this.#counts.set(key, counting);
    const turn = counting
      .catch(() => this.#counts.delete(key))
      .finally(() => {
        if (this.#turns.get(asker) === turn) this.#turns.delete(asker);
      });
    this.#turns.set(asker, turn);
    return counting;
  }
}

/** Walks those who may have an event, its sender aside. */
class Walk {
  readonly counts: Counts = { members: 0, delivered: 0, read: 0 };
  readonly #stores: Stores;
  readonly #conv: Conv;
  readonly #event: StoredEvent;
  readonly #after: string;

  constructor(stores: Stores, conv: Conv, event: StoredEvent, after: string) {
    this.#stores = stores;
    this.#conv = conv;
    this.#event = event;
    this.#after = after;
  }

  /** Calls `visit` with each who has the event; ends, and answers true, where that answers false. */
  async visit(visit: (uid: string, hasRead: boolean) => boolean): Promise<boolean> {
    const { seq, from, conv } = this.#event;
    const cursors = new Cursors(this.#stores.timeline, conv, this.#after);
    for await (const readers of readersOf(this.#stores.directory, this.#conv, seq, this.#after)) {
      for (const { uid, readReceipts } of readers) {
        if (uid === from) continue;
        if (cursors.isShort(uid)) await cursors.reach(uid);
        const { read = 0, delivered = 0 } = cursors.of(uid) ?? {};
        const hasIt = Math.max(read, delivered) >= seq;
        const hasRead = read >= seq && readReceipts;
        if (hasIt && !visit(uid, hasRead)) return true;
        this.counts.members += 1;
        if (hasIt) this.counts.delivered += 1;
        if (hasRead) this.counts.read += 1;
      }
      // In a large group the others come first.
      if (readers.length === chunk) await setTimeout(restMs);
    }
    return false;
  }
}

const placeOf = (uid: string, { members, delivered, read }: Counts): string =>
  `${uid} ${members} ${delivered} ${read}`;

function parsePlace(place: string): { after: string; known?: Counts } {
  if (place === '') return { after: '' };
  const [, after, ...counts] = /^(\S{1,64}) (\d{1,9}) (\d{1,9}) (\d{1,9})$/.exec(place) ?? [];
  if (after === undefined) throw new PetrelError('request.invalid', 'This cursor is not one of ours.');
  const [members, delivered, read] = counts.map(Number) as [number, number, number];
  return { after, known: { members, delivered, read } };
}
