import { type Signal, State } from '../signal.ts';

/** A signal that is kept up only while somebody listens, and a moment longer. */
export class Watched<T> implements Signal<T> {
  readonly #state: State<T>;
  readonly #start: () => void;
  readonly #stop: () => void;
  readonly #lingerMs: number;
  #listeners = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOn = false;

  constructor(
    value: T,
    {
      start,
      stop,
      lingerMs,
    }: { readonly start: () => void; readonly stop: () => void; readonly lingerMs: number },
  ) {
    this.#state = new State(value);
    this.#start = start;
    this.#stop = stop;
    this.#lingerMs = lingerMs;
  }

  get value(): T {
    return this.#state.value;
  }

  set(value: T): void {
    this.#state.set(value);
  }

  subscribe(listener: (value: T) => void): () => void {
    const end = this.#state.subscribe(listener);
    this.#listeners++;
    clearTimeout(this.#timer);
    if (!this.#isOn) {
      this.#isOn = true;
      this.#start();
    }
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      end();
      if (--this.#listeners === 0) this.#timer = setTimeout(() => this.close(), this.#lingerMs);
    };
  }

  /** Ends at once what keeps it up. */
  close(): void {
    clearTimeout(this.#timer);
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#stop();
  }
}
