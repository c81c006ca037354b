import type { Bus, BusTopic } from '../../store/bus.ts';

/** The topics of the bus that one list is kept up by. */
export class Listening {
  readonly #bus: Pick<Bus, 'listen' | 'leave'>;
  readonly #topics = new Set<BusTopic>();
  #hasEnded = false;

  constructor(bus: Pick<Bus, 'listen' | 'leave'>) {
    this.#bus = bus;
  }

  /**
   * What is published about these comes here when this resolves: with whether any of them is new, which may have changed
   * before. Rejects with `store.unavailable`.
   */
  async listen(topics: readonly BusTopic[]): Promise<boolean> {
    const added = topics.filter((topic) => !this.#topics.has(topic));
    const results = await Promise.allSettled(
      added.map(async (topic) => {
        await this.#bus.listen(topic);
        // Of two that asked at the same time, and of one that came too late.
        if (this.#topics.has(topic) || this.#hasEnded) this.#bus.leave(topic);
        else this.#topics.add(topic);
      }),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    return added.length > 0 && !this.#hasEnded;
  }

  leave(topic: BusTopic): void {
    if (this.#topics.delete(topic)) this.#bus.leave(topic);
  }

  /** Leaves them all, and those that are still to be confirmed. */
  end(): void {
    this.#hasEnded = true;
    for (const topic of this.#topics) this.#bus.leave(topic);
    this.#topics.clear();
  }
}
