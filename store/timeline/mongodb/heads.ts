import { LRUCache } from 'lru-cache';
import type { ConvId } from '../../../schemas/event.ts';
import { chunked } from '../../chunks.ts';
import { emptyHead, type MutableHead } from '../sequence.ts';
import type { Collections } from './documents.ts';

const maxHeads = 200_000;
/** So many look-ups are under way at once. */
const parallel = 64;

/** The heads of conversations: of the newest event, which one look into the index of (conv, seq) finds. */
export class Heads {
  readonly #events: Collections['events'];
  readonly #known = new LRUCache<ConvId, MutableHead>({ max: maxHeads });

  constructor(events: Collections['events']) {
    this.#events = events;
  }

  /** As they are stored now; each conversation is looked up once, however often it is named. */
  async read(convs: readonly ConvId[]): Promise<MutableHead[]> {
    const heads = new Map<ConvId, MutableHead>();
    for (const some of chunked([...new Set(convs)], parallel)) {
      const found = await Promise.all(some.map((conv) => this.#newest(conv)));
      for (const [i, conv] of some.entries()) heads.set(conv, found[i]!);
    }
    return convs.map((conv) => heads.get(conv)!);
  }

  /** For the appender alone: as this process left them, which the index refuses where another one was quicker. */
  async toAppend(convs: ReadonlySet<ConvId>): Promise<Map<ConvId, MutableHead>> {
    const heads = new Map<ConvId, MutableHead>();
    const missing: ConvId[] = [];
    // Copies: the appender moves them on before the events are stored.
    for (const conv of convs) {
      const known = this.#known.get(conv);
      if (known === undefined) missing.push(conv);
      else heads.set(conv, { ...known });
    }
    const found = await this.read(missing);
    for (const [i, conv] of missing.entries()) heads.set(conv, found[i]!);
    return heads;
  }

  /** The event was stored. */
  advanceTo(conv: ConvId, head: MutableHead): void {
    this.#known.set(conv, head);
  }

  /** What is known of it may be wrong. */
  forget(conv: ConvId): void {
    this.#known.delete(conv);
  }

  async #newest(conv: ConvId): Promise<MutableHead> {
    const [row] = await this.#events
      .find({ conv }, { projection: { seq: 1, n: 1, ts: 1 } })
      .sort({ seq: -1 })
      .limit(1)
      .toArray();
    return row === undefined ? emptyHead() : { seq: row.seq, n: row.n, ts: row.ts };
  }
}
