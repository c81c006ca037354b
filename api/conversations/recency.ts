import type { ConvId, Head } from '../../schemas/event.ts';

/** The newest event of a conversation; one object for all lists that have the conversation. */
export interface SharedHead extends Head {
  readonly conv: ConvId;
  seq: number;
  n: number;
  ts: number;
  /** In how many lists it is. */
  lists: number;
  /** Rises when what members may see of the group changed. */
  changes: number;
}

/** What moved last, so that a list that looks again need not look at all of its own. */
export class Moves {
  readonly #ring: SharedHead[] = [];
  readonly #size: number;
  /** How many there were ever. */
  count = 0;

  constructor(size = 32_768) {
    this.#size = size;
  }

  push(head: SharedHead): void {
    this.#ring[this.count % this.#size] = head;
    this.count++;
  }

  /** Those after the first `count`; undefined where some are forgotten. */
  since(count: number): Iterable<SharedHead> | undefined {
    return this.count - count > this.#size ? undefined : this.#after(count);
  }

  *#after(count: number): Generator<SharedHead> {
    for (let i = count; i < this.count; i++) yield this.#ring[i % this.#size]!;
  }

  clear(): void {
    this.#ring.length = 0;
    this.count += this.#size + 1;
  }
}

/** Something that has its place by time. */
export interface Timed {
  readonly conv: { readonly id: ConvId };
  /** The time it is sorted by; changes only while it is out of the order. */
  sortedTs: number;
}

const compare = (a: Timed, b: Timed): number =>
  b.sortedTs - a.sortedTs || (a.conv.id < b.conv.id ? -1 : Number(a.conv.id > b.conv.id));

/** At most so many are moved one by one. */
const fewMoves = 64;

/** Things in order, the latest first; few of many move at a time. */
export class Recency<T extends Timed> {
  #sorted: T[] = [];

  get all(): readonly T[] {
    return this.#sorted;
  }

  /** Takes these out (as they are sorted now), and puts those in, at the times `timeOf` gives. */
  move(out: ReadonlySet<T>, into: readonly T[], timeOf: (one: T) => number): void {
    if (out.size <= fewMoves) for (const one of out) this.#sorted.splice(this.#indexOf(one), 1);
    else this.#sorted = this.#sorted.filter((one) => !out.has(one));
    for (const one of into) one.sortedTs = timeOf(one);
    if (into.length <= fewMoves) for (const one of into) this.#sorted.splice(this.#indexOf(one), 0, one);
    else this.#sorted = [...into.toSorted(compare), ...this.#sorted].sort(compare);
  }

  /** The index of the first one that does not come before it. */
  #indexOf(one: Timed): number {
    return this.search((other) => compare(other, one) < 0);
  }

  /** The index of the first one for which `before` does not hold; it holds for all before that. */
  search(before: (one: T) => boolean): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(this.#sorted[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
