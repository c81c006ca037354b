import { type FindCursor, MongoBulkWriteError, type WithId } from 'mongodb';
import type { ConvId } from '../../../schemas/event.ts';
import type { Cursor } from '../../timeline.ts';
import { type KeptEvent, PlaceTaken } from '../../transfer.ts';
import { enterDirects } from './appender.ts';
import { type Collections, type EventRow, eventKey, isDuplicate, toEvent } from './documents.ts';
import type { Heads } from './heads.ts';
import type { Replacements } from './replacements.ts';

const rowsAtOnce = 1000;

/** What a cursor finds, in lists. */
async function* batches<T extends object>(cursor: FindCursor<WithId<T>>): AsyncGenerator<WithId<T>[]> {
  try {
    while (await cursor.hasNext()) yield cursor.readBufferedDocuments();
  } finally {
    await cursor.close();
  }
}

/** All that is stored, from behind a place on: one walk over the index of (conv, seq). */
export async function* allEvents(
  { events }: Collections,
  replacements: Replacements,
  after?: { readonly conv: ConvId; readonly seq: number },
): AsyncGenerator<KeptEvent[]> {
  const behind =
    after === undefined
      ? {}
      : { $or: [{ conv: after.conv, seq: { $gt: after.seq } }, { conv: { $gt: after.conv } }] };
  for await (const rows of batches(events.find(behind).sort({ conv: 1, seq: 1 }).batchSize(rowsAtOnce)))
    yield (await replacements.resolve(rows)).map(toKept);
}

export async function* allCursors(
  { cursors }: Collections,
  after?: { readonly conv: ConvId; readonly uid: string },
): AsyncGenerator<Cursor[]> {
  const behind =
    after === undefined
      ? {}
      : { $or: [{ conv: after.conv, uid: { $gt: after.uid } }, { conv: { $gt: after.conv } }] };
  for await (const rows of batches(cursors.find(behind).sort({ conv: 1, uid: 1 }).batchSize(rowsAtOnce)))
    yield rows.map(({ conv, uid, delivered, read, readN }) => ({ conv, uid, delivered, read, readN }));
}

const toKept = (row: EventRow): KeptEvent => ({
  ...toEvent(row),
  id: row._id.slice(row.conv.length + row.from.length + 2),
  ...(row.target !== undefined && { target: row.target }),
});

/** Stores events at the places they have. */
export class Loader {
  readonly #collections: Collections;
  readonly #heads: Heads;
  /** The event that was loaded last: most follow it. */
  #last: { readonly conv: ConvId; readonly seq: number } | undefined;

  constructor(collections: Collections, heads: Heads) {
    this.#collections = collections;
    this.#heads = heads;
  }

  async load(events: readonly KeptEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.#refuseHoles(events);
    let rows = events.map(toRow);
    await enterDirects(this.#collections, rows);
    try {
      await this.#collections.events.insertMany(rows, { ordered: true });
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError && isDuplicate(error))) throw error;
      rows = await this.#missing(rows);
      try {
        if (rows.length > 0) await this.#collections.events.insertMany(rows, { ordered: true });
      } catch (again) {
        throw isDuplicate(again) ? new PlaceTaken('another event is in the place of one') : again;
      }
    }
    for (const { conv } of events) this.#heads.forget(conv);
    const { conv, seq } = events.at(-1)!;
    this.#last = { conv, seq };
  }

  /** Those that are not stored yet. */
  async #missing(rows: readonly EventRow[]): Promise<EventRow[]> {
    const stored = await this.#collections.events
      .find({ _id: { $in: rows.map(({ _id }) => _id) } }, { projection: { seq: 1, n: 1, ts: 1 } })
      .toArray();
    const places = new Map(stored.map((row) => [row._id, row]));
    return rows.filter(({ _id, conv, seq, n, ts }) => {
      const place = places.get(_id);
      if (place === undefined) return true;
      if (place.seq === seq && place.n === n && place.ts === ts) return false;
      throw new PlaceTaken(`${conv}: the event of seq ${seq} is stored with seq ${place.seq}`);
    });
  }

  async #refuseHoles(events: readonly KeptEvent[]): Promise<void> {
    const before = new Map<ConvId, number>();
    if (this.#last !== undefined) before.set(this.#last.conv, this.#last.seq);
    const unknown = events.filter(({ conv, seq }) => {
      const follows = seq === 1 || before.get(conv) === seq - 1;
      before.set(conv, seq);
      return !follows;
    });
    const heads = await this.#heads.read(unknown.map(({ conv }) => conv));
    for (const [i, { conv, seq }] of unknown.entries())
      if (heads[i]!.seq < seq - 1)
        throw new PlaceTaken(`${conv}: seq ${seq} would come after ${heads[i]!.seq}`);
  }
}

const toRow = (event: KeptEvent): EventRow => {
  const { conv, seq, n, ts, from, raw, target } = event;
  return { _id: eventKey(event), conv, seq, n, ts, from, raw, ...(target !== undefined && { target }) };
};
