import type { Key, Range } from '../storage.ts';
import { compareKeys } from './keys.ts';

type Item = readonly [key: Key, value: unknown];

/** Above this a run is cut in two: short enough to be moved at each insert, long enough that there are few. */
const maxRun = 512;

/** Values by key, in the order of their keys, in memory. Made of sorted runs, so that an insert moves one run alone. */
export class SortedTable {
  #runs: Item[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: Key): unknown {
    const run = this.#runs[this.#runOf(key)];
    if (run === undefined) return undefined;
    const item = run[lowerBound(run, key)];
    return item !== undefined && compareKeys(item[0], key) === 0 ? item[1] : undefined;
  }

  set(key: Key, value: unknown): void {
    const which = this.#runOf(key);
    const run = this.#runs[which];
    if (run === undefined) {
      this.#runs.push([[key, value]]);
      this.#size++;
      return;
    }
    const at = lowerBound(run, key);
    const there = run[at];
    if (there !== undefined && compareKeys(there[0], key) === 0) {
      run[at] = [key, value];
      return;
    }
    run.splice(at, 0, [key, value]);
    this.#size++;
    if (run.length > maxRun) {
      // What comes in order fills its runs; only an insert in the middle leaves halves.
      const cut = at === run.length - 1 ? maxRun : maxRun >> 1;
      this.#runs.splice(which + 1, 0, run.splice(cut));
    }
  }

  delete(key: Key): void {
    const which = this.#runOf(key);
    const run = this.#runs[which];
    if (run === undefined) return;
    const at = lowerBound(run, key);
    const item = run[at];
    if (item === undefined || compareKeys(item[0], key) !== 0) return;
    run.splice(at, 1);
    this.#size--;
    if (run.length === 0) this.#runs.splice(which, 1);
  }

  /** Both ends included. */
  deleteRange(from: Key, to: Key): void {
    for (const [key] of [...this.items({ from, to })]) this.delete(key);
  }

  clear(): void {
    this.#runs = [];
    this.#size = 0;
  }

  *items({ from, to, reverse = false, limit = Number.POSITIVE_INFINITY }: Range = {}): Generator<Item> {
    let left = limit;
    const outside = (key: Key): boolean =>
      reverse
        ? from !== undefined && compareKeys(key, from) < 0
        : to !== undefined && compareKeys(key, to) > 0;
    for (const item of reverse ? this.#downFrom(to) : this.#upFrom(from)) {
      if (left-- <= 0 || outside(item[0])) return;
      yield item;
    }
  }

  *#upFrom(from: Key | undefined): Generator<Item> {
    const first = from === undefined ? 0 : this.#runOf(from);
    for (let which = first; which < this.#runs.length; which++) {
      const run = this.#runs[which]!;
      const start = which === first && from !== undefined ? lowerBound(run, from) : 0;
      for (let at = start; at < run.length; at++) yield run[at]!;
    }
  }

  *#downFrom(to: Key | undefined): Generator<Item> {
    const first = to === undefined ? this.#runs.length - 1 : this.#runOf(to);
    for (let which = first; which >= 0; which--) {
      const run = this.#runs[which] ?? [];
      let at = run.length - 1;
      if (which === first && to !== undefined) while (at >= 0 && compareKeys(run[at]![0], to) > 0) at--;
      for (; at >= 0; at--) yield run[at]!;
    }
  }

  /** The run in which the key is, or would be: the last one that does not begin behind it. */
  #runOf(key: Key): number {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (compareKeys(this.#runs[middle]![0]![0], key) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The first place whose key is not before this one. */
function lowerBound(run: readonly Item[], key: Key): number {
  let low = 0;
  let high = run.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(run[middle]![0], key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
