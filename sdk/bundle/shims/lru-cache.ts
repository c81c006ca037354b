/** A map of at most `max` entries, newest first; what was not asked for the longest goes. */
export class LRUCache<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #max: number;

  constructor({ max }: { readonly max: number }) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: K, value: V): this {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value!);
    return this;
  }

  clear(): void {
    this.#entries.clear();
  }

  keys(): IterableIterator<K> {
    return [...this.#entries.keys()].reverse().values();
  }
}
