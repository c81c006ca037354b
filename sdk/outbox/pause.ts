/** Runs the work after so many ms; the function returned ends that. */
export type Schedule = (work: () => void, ms: number) => () => void;

export const scheduleByTimer: Schedule = (work, ms) => {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
};

const firstMs = 500;
const maxMs = 30_000;

/** The time between two tries, longer with each, until one succeeds. */
export class Pause {
  readonly #schedule: Schedule;
  readonly #onEnd: () => void;
  #tries = 0;
  #cancel: (() => void) | undefined;

  constructor(schedule: Schedule, onEnd: () => void) {
    this.#schedule = schedule;
    this.#onEnd = onEnd;
  }

  get isRunning(): boolean {
    return this.#cancel !== undefined;
  }

  /** For so long, where the server said so; while it runs it is not begun again. */
  begin(ms?: number): void {
    if (this.#cancel !== undefined) return;
    // By up to a half less, so that the clients of a server that was away do not come all at once.
    const backOffMs = Math.min(firstMs * 2 ** this.#tries, maxMs) * (1 - Math.random() / 2);
    this.#tries++;
    this.#cancel = this.#schedule(() => {
      this.#cancel = undefined;
      this.#onEnd();
    }, ms ?? backOffMs);
  }

  /** The next pause is a short one again. */
  succeeded(): void {
    this.#tries = 0;
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
