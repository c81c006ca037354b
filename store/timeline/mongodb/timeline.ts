import { MongoClient, MongoError } from 'mongodb';
import { PetrelError } from '../../../schemas/errors.ts';
import type { ConvId, Head, StoredEvent } from '../../../schemas/event.ts';
import { chunked } from '../../chunks.ts';
import type { Appended, Cursor, CursorMove, Range, Submission, Timeline } from '../../timeline.ts';
import type { KeptEvent, TimelineTransfer } from '../../transfer.ts';
import { maxSeq } from '../sequence.ts';
import { Appender } from './appender.ts';
import { Cursors } from './cursors.ts';
import { type Collections, collectionsOf, type EventRow, toEvent } from './documents.ts';
import { repairDriver } from './driver.ts';
import { Heads } from './heads.ts';
import { Replacements } from './replacements.ts';
import { migrate } from './schema.ts';
import { allCursors, allEvents, Loader } from './transfer.ts';

const selectionTimeoutMs = 5000;
const socketTimeoutDefaultMs = 10_000;
/** One query names at most so many places. */
const placesAtOnce = 200;

export interface MongoTimelineOptions {
  /** `mongodb://host:port/database`, with what the driver takes as options. */
  readonly url: string;
  /** How long the server may be silent before it counts as away, and a read may take, ms. */
  readonly socketTimeoutMs?: number;
}

/**
 * A timeline on MongoDB 6 or later, or on what speaks its protocol. It needs unique indexes and single-document writes
 * alone: a sharded cluster has `events` and `cursors` sharded by `conv`, `directs` by `uid`. Any number of processes may
 * append at the same time. Rejects where the server cannot be had now.
 */
export async function openMongoTimeline({
  url,
  socketTimeoutMs = socketTimeoutDefaultMs,
}: MongoTimelineOptions): Promise<Timeline & TimelineTransfer> {
  repairDriver();
  const client = new MongoClient(url, {
    appName: 'petrel',
    serverSelectionTimeoutMS: selectionTimeoutMs,
    socketTimeoutMS: socketTimeoutMs,
    promoteBuffers: true,
    // Durable when it is acknowledged: on the disks of most.
    writeConcern: { w: 'majority', journal: true },
    readPreference: 'primary',
  });
  try {
    await client.connect();
    await migrate(client.db());
    return new MongoTimeline(client, socketTimeoutMs);
  } catch (error) {
    await client.close();
    throw error;
  }
}

class MongoTimeline implements Timeline, TimelineTransfer {
  readonly #client: MongoClient;
  readonly #answerMs: number;
  readonly #collections: Collections;
  readonly #heads: Heads;
  readonly #replacements: Replacements;
  readonly #appender: Appender;
  readonly #cursors: Cursors;
  readonly #loader: Loader;
  #closed: Promise<void> | undefined;

  constructor(client: MongoClient, answerMs: number) {
    this.#client = client;
    this.#answerMs = answerMs;
    this.#collections = collectionsOf(client.db());
    this.#heads = new Heads(this.#collections.events);
    this.#replacements = new Replacements(this.#collections.events);
    this.#appender = new Appender(this.#collections, this.#heads, this.#replacements);
    this.#cursors = new Cursors(this.#collections, this.#heads);
    this.#loader = new Loader(this.#collections, this.#heads);
  }

  append(batch: readonly Submission[]): Promise<Appended[]> {
    return this.#guarded(() => (batch.length === 0 ? Promise.resolve([]) : this.#appender.append(batch)));
  }

  range({ conv, after, before = maxSeq + 1, limit, newest = false }: Range): Promise<StoredEvent[]> {
    return this.#answered(async () => {
      const rows = await this.#collections.events
        .find({ conv, seq: { $gt: Math.max(after, 0), $lt: before } })
        .sort({ seq: newest ? -1 : 1 })
        .limit(Math.min(Math.max(limit, 1), 1000))
        .toArray();
      return this.#shown(newest ? rows.reverse() : rows);
    });
  }

  events(
    places: readonly { readonly conv: ConvId; readonly seq: number }[],
  ): Promise<(StoredEvent | undefined)[]> {
    return this.#answered(async () => {
      const found = new Map<string, StoredEvent>();
      for (const some of chunked(places, placesAtOnce)) {
        const wanted = some.map(({ conv, seq }) => ({ conv, seq }));
        const rows = await this.#collections.events.find({ $or: wanted }).toArray();
        for (const event of await this.#shown(rows)) found.set(`${event.conv}|${event.seq}`, event);
      }
      return places.map(({ conv, seq }) => found.get(`${conv}|${seq}`));
    });
  }

  changes(conv: ConvId, from: number, to: number, after = 0): Promise<StoredEvent[]> {
    return this.#answered(async () => {
      const rows = await this.#collections.events
        .find({ conv, target: { $gte: from, $lte: to }, seq: { $gt: after } })
        .sort({ seq: 1 })
        .toArray();
      return this.#shown(rows);
    });
  }

  heads(convs: readonly ConvId[]): Promise<(Head | undefined)[]> {
    return this.#answered(async () =>
      (await this.#heads.read(convs)).map((head) => (head.seq === 0 ? undefined : head)),
    );
  }

  directs(uid: string): Promise<{ readonly conv: ConvId; readonly head: Head }[]> {
    return this.#answered(async () => {
      const rows = await this.#collections.directs.find({ uid }).toArray();
      const heads = await this.#heads.read(rows.map(({ conv }) => conv));
      // What has no head was entered for a first event that was never stored.
      return rows.flatMap(({ conv }, i) => (heads[i]!.seq === 0 ? [] : [{ conv, head: heads[i]! }]));
    });
  }

  moveCursors(moves: readonly CursorMove[]): Promise<Cursor[]> {
    return this.#guarded(() => this.#cursors.move(moves));
  }

  cursors(keys: readonly { readonly conv: ConvId; readonly uid: string }[]): Promise<Cursor[]> {
    return this.#answered(() => this.#cursors.get(keys));
  }

  cursorsOf(conv: ConvId, afterUid: string, limit: number): Promise<Cursor[]> {
    return this.#answered(() => this.#cursors.of(conv, afterUid, limit));
  }

  allEvents(after?: { conv: ConvId; seq: number }): AsyncGenerator<readonly KeptEvent[]> {
    return guardedList(allEvents(this.#collections, this.#replacements, after));
  }

  allCursors(after?: { conv: ConvId; uid: string }): AsyncGenerator<readonly Cursor[]> {
    return guardedList(allCursors(this.#collections, after));
  }

  load(events: readonly KeptEvent[]): Promise<void> {
    return this.#guarded(() => this.#loader.load(events));
  }

  mark(): Promise<string> {
    return this.#guarded(async () => String(await this.#collections.events.estimatedDocumentCount()));
  }

  check(): Promise<void> {
    return this.#guarded(async () => {
      await this.#client.db().command({ ping: 1 });
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#appender.drained().finally(() => this.#client.close());
    return this.#closed;
  }

  async #shown(rows: readonly EventRow[]): Promise<StoredEvent[]> {
    return (await this.#replacements.resolve(rows)).map(toEvent);
  }

  /** A read: nobody waits for it longer than for one answer, however often the driver tries again. */
  async #answered<T>(read: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new PetrelError('store.unavailable')), this.#answerMs);
    });
    try {
      return await Promise.race([this.#guarded(read), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whatever the server or the way to it refuses, it may take later. */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw new PetrelError('store.unavailable');
    try {
      return await work();
    } catch (cause) {
      throw told(cause);
    }
  }
}

const told = (cause: unknown): unknown =>
  cause instanceof MongoError ? new PetrelError('store.unavailable', undefined, { cause }) : cause;

async function* guardedList<T>(list: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* list;
  } catch (cause) {
    throw told(cause);
  }
}
