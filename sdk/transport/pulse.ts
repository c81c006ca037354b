export interface PulseOptions {
  readonly keepaliveMs: number;
  /** An answer that takes longer does not come; where somebody waits for the connection it is given up sooner. */
  readonly answerMs: number;
  readonly ping: () => void;
  /** Nothing comes from the other side any more. */
  readonly onSilence: () => void;
}

const soonMs = 4000;

/**
 * Keeps a connection alive, and finds out when it is dead. Its one timer is a third of the keep alive and may be late up
 * to once that: in a page that is hidden browsers run timers once a minute.
 */
export class Pulse {
  readonly #options: PulseOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #sentAt = Date.now();
  #probe: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PulseOptions) {
    this.#options = options;
    const everyMs = options.keepaliveMs / 3;
    this.#timer = setInterval(() => {
      if (Date.now() - this.#sentAt >= everyMs * 0.9) this.probe();
    }, everyMs);
  }

  /** A packet has left. */
  sent(): void {
    this.#sentAt = Date.now();
  }

  /** A packet has come. */
  received(): void {
    clearTimeout(this.#probe);
    this.#probe = undefined;
  }

  /** Asks for a sign of life; `soon` where somebody has come back and looks. */
  probe(soon = false): void {
    const { answerMs, ping, onSilence } = this.#options;
    if (this.#probe !== undefined) {
      if (!soon) return;
      clearTimeout(this.#probe);
    }
    this.#probe = setTimeout(onSilence, soon ? Math.min(answerMs, soonMs) : answerMs);
    ping();
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#probe);
  }
}
