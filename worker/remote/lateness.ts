/**
 * Tells batches that were on their way for too long, by two clocks that never go back and have nothing in common: the
 * quickest batch of a sender says how far they are apart.
 */
export class Lateness {
  readonly #maxMs: number;
  /** By sender: how much later the own clock showed at best. */
  readonly #apart = new Map<string, number>();

  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  isLate(node: string, sentAtMs: number, nowMs: number): boolean {
    const apart = nowMs - sentAtMs;
    const least = this.#apart.get(node);
    if (least === undefined || apart < least) {
      this.#apart.set(node, apart);
      return false;
    }
    return apart - least > this.#maxMs;
  }

  /** The sender is gone for good. */
  forget(node: string): void {
    this.#apart.delete(node);
  }
}
