import { PetrelError } from '../../../../schemas/errors.ts';
import type { StoredEvent } from '../../../../schemas/event.ts';
import type { RedisConnection } from '../client.ts';
import type { Destination } from './channels.ts';
import { lossFrame } from './frames.ts';
import { type Batch, Outbox } from './outbox.ts';

/** One command for many PUBLISH: a fifth of the work of as many commands. */
const publishAll = `
local batch, at, channel, payload = ARGV[1], 1, nil, nil
local size = #batch
while at <= size do
  channel, payload, at = struct.unpack('<I2c0I4c0', batch, at)
  redis.call('publish', channel, payload)
end`;

/** One is being answered while the next is on its way. What comes meanwhile is the next batch. */
const maxInFlight = 2;

export interface PublisherOptions {
  readonly redis: RedisConnection;
  /** What waits while Redis is away, at most, bytes. */
  readonly maxQueuedBytes: number;
  /** How long `flushed` waits, ms. */
  readonly timeoutMs: number;
  /** Begins the names of all channels. */
  readonly prefix: string;
}

interface Waiter {
  /** The newest post that was there when it began to wait. */
  readonly post: number;
  settle(error?: unknown): void;
}

interface InFlight {
  readonly batch: Batch;
  state: 'sent' | 'confirmed' | 'failed';
}

/**
 * Publishes in order what it is given, what one turn gives in one write. What Redis did not confirm is published again when
 * Redis is back; where more waited than may, all nodes are told of the loss.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #redis: RedisConnection;
  readonly #outbox: Outbox;
  /** The oldest first. */
  #inFlight: InFlight[] = [];
  /** Redis refused: nothing is sent until `retry`. */
  #refused = false;
  #scheduled = false;
  /** Something was dropped of which nobody was told yet. */
  #owesLoss = false;
  readonly #waiters = new Set<Waiter>();
  /** PUBLISH that Redis confirmed, batches of them, and how often something was dropped. */
  readonly counters = { published: 0, batches: 0, dropped: 0 };

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#redis = options.redis;
    this.#outbox = new Outbox(options.prefix);
    options.redis.onUp(() => this.retry());
    options.redis.onDown(() => this.#rejectWaiters());
  }

  get queuedBytes(): number {
    return this.#outbox.bytes;
  }

  event(destination: Destination, event: StoredEvent, rewrites: boolean): void {
    this.#outbox.addEvent(destination, event, rewrites);
    this.#added();
  }

  frame(destination: Destination, frame: Buffer): void {
    this.#outbox.addFrame(destination, frame);
    this.#added();
  }

  #added(): void {
    this.#dropExcess();
    this.#schedule();
  }

  #dropExcess(): void {
    if (this.#outbox.bytes <= this.#options.maxQueuedBytes) return;
    this.#outbox.clear();
    this.#owesLoss = true;
    this.counters.dropped++;
    this.#rejectWaiters();
  }

  /** Tells every node that something may have been missed. */
  loss(): void {
    this.frame('all', lossFrame());
  }

  /** Sends what is there, also where Redis has refused it before. */
  retry(): void {
    this.#refused = false;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  get #maySend(): boolean {
    return this.#redis.isUp && !this.#refused && this.#inFlight.length < maxInFlight;
  }

  #send(): void {
    // In flight behind one that failed there is nothing new: it would overtake.
    while (this.#maySend && !this.#inFlight.some(({ state }) => state === 'failed')) {
      if (this.#owesLoss) {
        this.#owesLoss = false;
        this.#outbox.addFrame('all', lossFrame());
      }
      if (this.#outbox.isEmpty) return;
      const one: InFlight = { batch: this.#outbox.take(), state: 'sent' };
      this.#inFlight.push(one);
      this.#redis.command('eval', publishAll, 0, one.batch.bytes).then(
        () => this.#answered(one, 'confirmed'),
        () => this.#answered(one, 'failed'),
      );
    }
  }

  #answered(one: InFlight, state: 'confirmed' | 'failed'): void {
    one.state = state;
    while (this.#inFlight[0]?.state === 'confirmed') this.#confirm(this.#inFlight.shift()!.batch);
    if (this.#inFlight.some((other) => other.state === 'sent')) return;
    if (this.#inFlight.length > 0) {
      // Also what was confirmed behind the failure: the last time it is heard, all of it is in order.
      this.#outbox.putBack(this.#inFlight.map(({ batch }) => batch));
      this.#inFlight = [];
      this.#refused = true;
      this.#rejectWaiters();
      this.#dropExcess();
    }
    this.#send();
  }

  #confirm(batch: Batch): void {
    this.counters.batches++;
    this.counters.published += batch.posts;
    for (const waiter of this.#waiters) if (waiter.post <= batch.last) waiter.settle();
    this.#outbox.recycle(batch);
  }

  /** Resolves when all that was given is published. Rejects with `store.unavailable` where that cannot be known now. */
  flushed(): Promise<void> {
    if (!this.#redis.isUp || this.#refused || this.#owesLoss) return Promise.reject(away());
    if (this.#outbox.isEmpty && this.#inFlight.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        post: this.#outbox.last,
        settle: (error) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      const timer = setTimeout(() => waiter.settle(away()), this.#options.timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  #rejectWaiters(): void {
    for (const waiter of this.#waiters) waiter.settle(away());
  }

  /** Whether what is given now goes out. */
  get works(): boolean {
    return this.#redis.isUp && !this.#refused && !this.#owesLoss;
  }
}

const away = (): PetrelError => new PetrelError('store.unavailable');
