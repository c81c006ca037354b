import { setTimeout as wait } from 'node:timers/promises';
import { toPetrelError } from '../schemas/errors.ts';
import type { ConvId, StoredEvent } from '../schemas/event.ts';
import type { Timeline } from '../store/timeline.ts';
import type { EventListener } from './committer.ts';
import { parseRaw } from './raw.ts';

export interface RepublisherOptions {
  readonly timeline: Pick<Timeline, 'events'>;
  readonly publish: EventListener;
  /** More wait than are kept: of some nobody is told again. */
  readonly onDropped: () => void;
  /** Told of what went wrong, but for a store that is away. */
  readonly onError: (error: unknown) => void;
  readonly maxWaiting?: number;
  readonly retryMs?: number;
}

interface Place {
  readonly conv: ConvId;
  readonly seq: number;
}

const keyOf = ({ conv, seq }: Place): string => `${seq} ${conv}`;

const maxAtOnce = 256;
const maxWaitingDefault = 50_000;
const retryDefaultMs = 500;

/**
 * Publishes what was given to be stored and was stored already: whoever stored it may have died before it told anyone, and
 * its sender asks again. One read at a time, each event once however often it came meanwhile, so that a crowd of senders
 * who are back costs little.
 */
export class Republisher {
  readonly #options: RepublisherOptions;
  #waiting = new Map<string, Place>();
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: RepublisherOptions) {
    this.#options = options;
  }

  repeat(conv: ConvId, seq: number): void {
    const key = keyOf({ conv, seq });
    if (this.#isClosed || this.#waiting.has(key)) return;
    if (this.#waiting.size >= (this.#options.maxWaiting ?? maxWaitingDefault)) {
      this.#options.onDropped();
      return;
    }
    this.#waiting.set(key, { conv, seq });
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    // What the turn brings besides is read with it.
    await wait(0);
    while (this.#waiting.size > 0 && !this.#isClosed) {
      const places: Place[] = [];
      for (const [key, place] of this.#waiting) {
        places.push(place);
        this.#waiting.delete(key);
        if (places.length === maxAtOnce) break;
      }
      try {
        const events = await this.#options.timeline.events(places.toSorted((a, b) => a.seq - b.seq));
        for (const event of events) if (event !== undefined) this.#publish(event);
      } catch (error) {
        if (toPetrelError(error).code !== 'store.unavailable') this.#options.onError(error);
        for (const place of places) this.#waiting.set(keyOf(place), place);
        await wait(this.#options.retryMs ?? retryDefaultMs, undefined, { ref: false });
      }
    }
  }

  #publish(event: StoredEvent): void {
    const { type, body } = parseRaw(event);
    const rewrites = type === 'recall' || (type === 'system' && body?.action === 'user-removed');
    this.#options.publish(event, rewrites);
  }

  /** Ends after the read in hand. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }
}
