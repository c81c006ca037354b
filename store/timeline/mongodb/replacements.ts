import type { ConvId } from '../../../schemas/event.ts';
import type { Collections, EventRow, Replacement } from './documents.ts';

/** The seq of an event, and what is to take the place of its raw. */
export interface Replaced extends Replacement {
  readonly seq: number;
}

/**
 * An event and what it replaces are in several documents, and become true together without a transaction: the new raws are
 * put beside the old ones first, naming the event, and hold from the moment that this event is stored. What a crash leaves
 * beside them is put in place, or stays without effect, whenever it is read.
 */
export class Replacements {
  readonly #events: Collections['events'];

  constructor(events: Collections['events']) {
    this.#events = events;
  }

  /** Puts the raws beside those of stored events. */
  async prepare(conv: ConvId, replaced: readonly Replaced[]): Promise<void> {
    const updates = replaced.map(({ seq, ...next }) => ({
      updateOne: {
        filter: { conv, seq },
        update: { $push: { next }, $inc: { revision: 1 } },
      },
    }));
    if (updates.length > 0) await this.#events.bulkWrite(updates, { ordered: false });
  }

  /** The event is stored: what it replaces is overwritten. */
  async finish(conv: ConvId, seqs: readonly number[]): Promise<void> {
    const rows = await this.#events.find({ conv, seq: { $in: [...seqs] } }).toArray();
    await this.resolve(rows);
  }

  /** The rows with the raws that hold now; what holds is written down on the way. */
  async resolve(rows: readonly EventRow[]): Promise<readonly EventRow[]> {
    const open = rows.filter(({ next }) => next !== undefined && next.length > 0);
    if (open.length === 0) return rows;
    const named = [...new Set(open.flatMap(({ next }) => next!.map(({ by }) => by)))];
    const stored = new Map(
      (
        await this.#events.find({ _id: { $in: named } }, { projection: { seq: 1, attempt: 1 } }).toArray()
      ).map(({ _id, seq, attempt }) => [_id, { seq, attempt }]),
    );
    const holds = ({ by, attempt }: Replacement) => stored.get(by)?.attempt === attempt;
    const held = new Map<string, EventRow>();
    for (const row of open) {
      const holding = row.next!.filter(holds).sort((a, b) => stored.get(a.by)!.seq - stored.get(b.by)!.seq);
      const last = holding.at(-1);
      // What another attempt stored is over; what is not stored may still be.
      const next = row.next!.filter(({ by }) => !stored.has(by));
      if (last !== undefined) held.set(row._id, { ...row, raw: last.raw });
      else if (next.length === row.next!.length) continue;
      // Where another one has come meanwhile, this changes nothing and the next reader does it.
      await this.#events.updateOne(
        { _id: row._id, conv: row.conv, revision: row.revision! },
        { $set: { next, ...(last !== undefined && { raw: last.raw }) }, $inc: { revision: 1 } },
      );
    }
    return rows.map((row) => held.get(row._id) ?? row);
  }
}
