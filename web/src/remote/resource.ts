import { type Signal, State } from '../../../sdk/signal.ts';

/** What was answered last. A failed attempt leaves the value of the one before. */
export interface Loaded<T> {
  readonly value?: T | undefined;
  readonly error?: unknown;
  readonly isLoading: boolean;
}

/**
 * What the server answered last, and the way to ask again. One request is under way at a time; who asks during it gets
 * what is asked after it, so that no answer is older than the asking.
 */
export class Resource<T> {
  readonly #load: () => Promise<T>;
  readonly #state = new State<Loaded<T>>({ isLoading: false });
  #isWanted = false;
  #isStale = false;
  #running: Promise<void> | undefined;

  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  get state(): Signal<Loaded<T>> {
    return this.#state;
  }

  /** Asks unless that was done before. */
  ensure(): void {
    if (!this.#isWanted) void this.refresh();
  }

  /** Asks again where it was asked for before: for news about what somebody may be looking at. */
  async renew(): Promise<void> {
    if (this.#isWanted) await this.refresh();
  }

  /** Resolves when what was there at the call, or later, is known; never rejects: see `state.error`. */
  refresh(): Promise<void> {
    this.#isWanted = true;
    this.#isStale = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Shows a change that the server has confirmed, without asking for the whole again. */
  change(change: (value: T) => T): void {
    const { value } = this.#state.value;
    if (value !== undefined) this.#state.set({ ...this.#state.value, value: change(value) });
    // An answer that is on its way may be of before the change.
    if (this.#running) this.#isStale = true;
  }

  async #run(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      const { value } = this.#state.value;
      this.#state.set({ value, isLoading: true });
      try {
        const loaded = await this.#load();
        if (!this.#isStale) this.#state.set({ value: loaded, isLoading: false });
      } catch (error) {
        this.#state.set({ value: this.#state.value.value, error, isLoading: false });
      }
    }
  }
}
