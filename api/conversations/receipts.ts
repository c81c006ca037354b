import { PetrelError } from '../../schemas/errors.ts';
import type { Conv, ConvId } from '../../schemas/event.ts';
import type { Directory } from '../../store/directory.ts';
import type { Cursor, Timeline } from '../../store/timeline.ts';
import { readPaging, toCursor } from '../operations/shapes.ts';
import type { Readable } from './access.ts';

const chunk = 1000;

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
 * thousand at a time. The first page counts all; the later ones have its counts with them and begin where it ended. Who
 * does not tell what they have read counts as one who has it, and is not told of others.
 */
export async function receiptsOf(
  { directory, timeline }: Stores,
  { conv, since }: Pick<Readable, 'conv' | 'since'>,
  asker: string,
  seq: number,
  paging: { limit?: number; cursor?: string },
): Promise<Receipts> {
  const { limit, after: place } = readPaging(paging);
  const { after, counts, counted } = parsePlace(place);
  const [[event], { readReceipts: mayKnow }] = await Promise.all([
    seq < since ? [] : timeline.range({ conv: conv.id, after: seq - 1, limit: 1 }),
    directory.userFacts(asker),
  ]);
  if (event?.seq !== seq) throw new PetrelError('target.not-found');
  const cursors = new Cursors(timeline, conv.id, after);
  const page: Receipts = { delivered: [], read: [], counts };
  let last = after;
  let isMore = false;
  for await (const readers of readersOf(directory, conv, seq, after)) {
    for (const { uid, readReceipts } of readers) {
      if (uid === event.from) continue;
      if (cursors.isShort(uid)) await cursors.reach(uid);
      const { read = 0, delivered = 0 } = cursors.of(uid) ?? {};
      const hasIt = Math.max(read, delivered) >= seq;
      const hasRead = read >= seq && readReceipts && mayKnow;
      if (!counted) {
        counts.members += 1;
        if (hasIt) counts.delivered += 1;
        if (hasRead) counts.read += 1;
      }
      if (!hasIt || isMore) continue;
      isMore = page.delivered.length === limit;
      if (isMore) continue;
      last = uid;
      page.delivered.push(uid);
      if (hasRead) page.read.push(uid);
    }
    if (isMore && counted) break;
  }
  return { ...page, ...(isMore && { next: toCursor(placeOf(last, counts)) }) };
}

const placeOf = (uid: string, { members, delivered, read }: Counts): string =>
  `${uid} ${members} ${delivered} ${read}`;

function parsePlace(place: string): { after: string; counts: Counts; counted: boolean } {
  if (place === '') return { after: '', counts: { members: 0, delivered: 0, read: 0 }, counted: false };
  const [, after, ...counts] = /^(\S{1,64}) (\d{1,9}) (\d{1,9}) (\d{1,9})$/.exec(place) ?? [];
  if (after === undefined) throw new PetrelError('request.invalid', 'This cursor is not one of ours.');
  const [members, delivered, read] = counts.map(Number) as [number, number, number];
  return { after, counts: { members, delivered, read }, counted: true };
}
