import { LRUCache } from 'lru-cache';
import type { ConvId } from '../../../schemas/event.ts';
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

  /** As they are stored now. */
  async read(convs: readonly ConvId[]): Promise<MutableHead[]> {
    const heads: MutableHead[] = [];
    for (let from = 0; from < convs.length; from += parallel)
      heads.push(
        ...(await Promise.all(convs.slice(from, from + parallel).map((conv) => this.#newest(conv)))),
      );
    return heads;
  }

  /** For the appender alone: as this process left them, which the index refuses where another one was quicker. */
  async toAppend(convs: Iterable<ConvId>): Promise<Map<ConvId, MutableHead>> {
    const all = [...convs];
    const missing = all.filter((conv) => !this.#known.has(conv));
    const found = await this.read(missing);
    for (const [i, conv] of missing.entries()) this.#known.set(conv, found[i]!);
    return new Map(all.map((conv, i) => [conv, { ...(this.#known.get(conv) ?? found[i] ?? emptyHead()) }]));
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
