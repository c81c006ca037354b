import { PetrelError } from '../../../schemas/errors.ts';
import type { Publication, PublishOutcome, SharedCustom } from '../../../store/shared-custom.ts';
import type { Feed } from './feed.ts';

/** A message that waits to be published: what is to be done with it is planned when it is its turn. */
interface Waiting {
  readonly plan: () => Publication;
  readonly bytes: number;
  readonly resolve: (outcome: PublishOutcome) => void;
  readonly reject: (error: unknown) => void;
}

const maxBatch = 256;
const maxBatchBytes = 1024 * 1024;
/** Rows may change while a batch is on its way; a node that does not keep up at all refuses. */
const maxTries = 50;

/** Publishes in order, in batches: while one is on its way the next one gathers. */
export class Publisher {
  readonly #shared: SharedCustom;
  readonly #feed: Feed;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(shared: SharedCustom, feed: Feed) {
    this.#shared = shared;
    this.#feed = feed;
  }

  /** `plan` may be called again where subscriptions have changed. Rejects with `store.unavailable`. */
  publish(bytes: number, plan: () => Publication): Promise<PublishOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ plan, bytes, resolve, reject });
      if (this.#running) return;
      this.#running = true;
      setImmediate(() => void this.#run());
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch();
      try {
        const outcomes = await this.#publish(batch);
        for (const [i, { resolve }] of batch.entries()) resolve(outcomes[i]!);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = false;
  }

  #nextBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const one of this.#waiting) {
      if (count === maxBatch || (count > 0 && bytes + one.bytes > maxBatchBytes)) break;
      bytes += one.bytes;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #publish(batch: readonly Waiting[]): Promise<readonly PublishOutcome[]> {
    for (let tries = 0; tries < maxTries; tries++) {
      const plans = batch.map(({ plan }) => plan());
      const done = await this.#shared.publish(this.#feed.position, plans);
      if (!('stale' in done)) return done;
      await this.#feed.reached(done.stale);
    }
    throw new PetrelError('store.unavailable');
  }
}
