export interface WatchdogOptions {
  readonly pingMs: number;
  readonly timeoutMs: number;
  ping(): Promise<unknown>;
  /** Nothing was answered for `timeoutMs`. */
  dead(): void;
}

/** Tries a connection while it is up: what is cut off without a word, or frozen, says nothing by itself. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #maxTicks: number;
  #timer: NodeJS.Timeout | undefined;
  /** Ticks since the ping that is not answered yet. Not time: a process that was stuck itself has not waited. */
  #unanswered = 0;
  /** Of the connection that is watched now; answers of an older one say nothing. */
  #round = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#maxTicks = Math.max(1, Math.ceil(options.timeoutMs / options.pingMs));
  }

  start(): void {
    this.stop();
    this.#timer = setInterval(() => this.#tick(), this.#options.pingMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#unanswered = 0;
    this.#round++;
  }

  #tick(): void {
    if (this.#unanswered === 0) {
      const round = this.#round;
      this.#options.ping().then(
        () => {
          if (round === this.#round) this.#unanswered = 0;
        },
        () => {},
      );
    }
    this.#unanswered++;
    if (this.#unanswered <= this.#maxTicks) return;
    this.stop();
    this.#options.dead();
  }
}
