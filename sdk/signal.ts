/** A value that changes, and tells who listens. Made for `useSyncExternalStore` and its like: a value is never mutated. */
export interface Signal<T> {
  readonly value: T;
  /** The listener is called after each change; returns what ends that. */
  subscribe(listener: (value: T) => void): () => void;
}

/** A signal and the hand that sets it. */
export class State<T> implements Signal<T> {
  #value: T;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  /** Tells nobody where the value is the one that it was. */
  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener(value);
  }

  subscribe(listener: (value: T) => void): () => void {
    // One function may listen twice.
    const own = (changed: T): void => listener(changed);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Whether anybody listens. */
  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }
}
