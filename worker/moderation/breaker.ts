export interface BreakerOptions {
  /** So many failures in a row open it. */
  readonly maxFailures?: number;
  /** How long nobody is asked then, ms. */
  readonly restMs?: number;
  readonly monotonicMs?: () => number;
  /** Told when it opens, and when what it guards works again. */
  readonly onOpen?: () => void;
  readonly onClose?: () => void;
}

/**
 * Keeps those who ask from waiting, one after the other, for what does not answer: after some failures in a row nobody asks
 * for a while, then one tries for all.
 */
export class Breaker {
  readonly #options: Required<BreakerOptions>;
  #failures = 0;
  #closedUntil = 0;
  #trying = false;

  constructor(options: BreakerOptions = {}) {
    this.#options = {
      maxFailures: 5,
      restMs: 1000,
      monotonicMs: () => performance.now(),
      onOpen: () => {},
      onClose: () => {},
      ...options,
    };
  }

  /** Whether to ask now; who was told so says afterwards what came of it. */
  admits(): boolean {
    if (!this.#isOpen) return true;
    if (this.#trying || this.#options.monotonicMs() < this.#closedUntil) return false;
    this.#trying = true;
    return true;
  }

  succeeded(): void {
    const wasOpen = this.#isOpen;
    this.#failures = 0;
    this.#trying = false;
    if (wasOpen) this.#options.onClose();
  }

  failed(): void {
    const wasOpen = this.#isOpen;
    this.#failures++;
    this.#trying = false;
    if (!this.#isOpen) return;
    this.#closedUntil = this.#options.monotonicMs() + this.#options.restMs;
    if (!wasOpen) this.#options.onOpen();
  }

  get #isOpen(): boolean {
    return this.#failures >= this.#options.maxFailures;
  }
}
