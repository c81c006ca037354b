import type { ConvId } from '../../../schemas/event.ts';
import type { Cursor, CursorMove } from '../../timeline.ts';
import { moved } from '../sequence.ts';
import { type Collections, upsert, userKey } from './documents.ts';
import type { Heads } from './heads.ts';

/** How far users are in conversations. A cursor moves by itself in one step that never moves it back. */
export class Cursors {
  readonly #collections: Collections;
  readonly #heads: Heads;

  constructor(collections: Collections, heads: Heads) {
    this.#collections = collections;
    this.#heads = heads;
  }

  /** Moves of one cursor are made one after the other, all others together. */
  async move(moves: readonly CursorMove[]): Promise<Cursor[]> {
    const answers = new Map<CursorMove, Cursor>();
    for (const round of rounds(moves)) {
      const cursors = await this.#moveEach(round);
      for (const [i, move] of round.entries()) answers.set(move, cursors[i]!);
    }
    return moves.map((move) => answers.get(move)!);
  }

  async #moveEach(wishes: readonly CursorMove[]): Promise<Cursor[]> {
    const heads = await this.#heads.read(wishes.map(({ conv }) => conv));
    const bounded = wishes
      .map((wish, i) => {
        const { seq } = heads[i]!;
        return {
          ...wish,
          delivered: moved(0, wish.delivered, seq),
          read: moved(0, wish.read, seq),
          head: heads[i]!,
        };
      })
      .filter(({ delivered, read }) => delivered > 0 || read > 0);
    const nOf = await this.#countsAt(bounded.filter(({ read, head }) => read > 0 && read !== head.seq));
    const steps = bounded.flatMap(({ conv, uid, delivered, read, head }) => {
      const _id = userKey(conv, uid);
      const readN = read === head.seq ? head.n : (nOf.get(`${conv}|${read}`) ?? 0);
      const made = {
        updateOne: {
          filter: { _id, conv },
          update: { $max: { delivered }, $setOnInsert: { uid, read: 0, readN: 0 } },
          upsert: true,
        },
      };
      if (read === 0) return [made];
      const step = {
        updateOne: { filter: { _id, conv, read: { $lt: read } }, update: { $set: { read, readN } } },
      };
      return [made, step];
    });
    if (steps.length > 0) await upsert(() => this.#collections.cursors.bulkWrite(steps, { ordered: true }));
    return this.get(wishes);
  }

  async get(keys: readonly { readonly conv: ConvId; readonly uid: string }[]): Promise<Cursor[]> {
    const ids = [...new Set(keys.map(({ conv, uid }) => userKey(conv, uid)))];
    const rows =
      ids.length === 0 ? [] : await this.#collections.cursors.find({ _id: { $in: ids } }).toArray();
    const found = new Map(rows.map((row) => [row._id, row]));
    return keys.map(({ conv, uid }) => {
      const { delivered = 0, read = 0, readN = 0 } = found.get(userKey(conv, uid)) ?? {};
      return { conv, uid, delivered, read, readN };
    });
  }

  async of(conv: ConvId, afterUid: string, limit: number): Promise<Cursor[]> {
    const rows = await this.#collections.cursors
      .find({ conv, uid: { $gt: afterUid } })
      .sort({ uid: 1 })
      .limit(Math.min(Math.max(limit, 1), 1000))
      .toArray();
    return rows.map(({ uid, delivered, read, readN }) => ({ conv, uid, delivered, read, readN }));
  }

  /** `n` of the events that cursors move to, by `conv|seq`. */
  async #countsAt(places: readonly { conv: ConvId; read: number }[]): Promise<Map<string, number>> {
    if (places.length === 0) return new Map();
    const rows = await this.#collections.events
      .find(
        { $or: places.map(({ conv, read }) => ({ conv, seq: read })) },
        { projection: { conv: 1, seq: 1, n: 1 } },
      )
      .toArray();
    return new Map(rows.map(({ conv, seq, n }) => [`${conv}|${seq}`, n]));
  }
}

/** The moves in lists that name no cursor twice. */
function rounds(moves: readonly CursorMove[]): CursorMove[][] {
  const found: CursorMove[][] = [];
  const times = new Map<string, number>();
  for (const move of moves) {
    const key = userKey(move.conv, move.uid);
    const time = times.get(key) ?? 0;
    times.set(key, time + 1);
    found[time] ??= [];
    found[time].push(move);
  }
  return found;
}
