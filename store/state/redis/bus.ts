import { randomUUID } from 'node:crypto';
import { PetrelError } from '../../../schemas/errors.ts';
import type { StoredEvent } from '../../../schemas/event.ts';
import type { Bus, BusEventListener, BusMessage, BusTopic } from '../../bus.ts';
import { tellEach } from '../../tell.ts';
import { type Destination, destinationOf, eachTopicOf } from './bus/channels.ts';
import { beatFrame, type FrameReceiver, messageFrame, readFrames } from './bus/frames.ts';
import { Publisher } from './bus/publisher.ts';
import { Subscriptions } from './bus/subscriptions.ts';
import { RedisConnection, type RedisConnectionOptions } from './client.ts';
import { channelPrefix } from './keys.ts';

export interface RedisBusOptions extends Omit<RedisConnectionOptions, 'name'> {
  readonly onError: (error: unknown) => void;
  /** How often the node hears itself, ms. */
  readonly beatMs?: number;
  /** How long a channel is kept that nobody listens to any more, ms. */
  readonly lingerMs?: number;
  /** What waits while Redis is away, at most, bytes. */
  readonly maxQueuedBytes?: number;
  readonly now?: () => number;
}

/** Plain numbers, read when somebody asks for them. */
export interface RedisBusCounters {
  /** PUBLISH that Redis confirmed, and batches of them. */
  readonly published: number;
  readonly batches: number;
  /** What waits to be published, bytes; how often it was too much and something was dropped. */
  readonly queuedBytes: number;
  readonly dropped: number;
  /** Events that came here, once for each topic. */
  readonly events: number;
  readonly messages: number;
  /** How often something may have been missed. */
  readonly losses: number;
  /** Channels that are held. */
  readonly channels: number;
}

export interface RedisBus extends Bus {
  /** Listened to for as long as the process lives and has its connection: Redis tells anyone whether somebody is there. */
  readonly ownChannel: string;
  readonly counters: RedisBusCounters;
}

/** So many heartbeats that Redis has taken and that do not come back mean that this node hears nothing any more. */
const maxSilentBeats = 3;
const timeoutDefaultMs = 5000;

/**
 * The bus of many nodes, on Redis pub/sub. Redis loses nothing on a connection that holds, so what counts as loss is: the
 * connection that listens was lost, heartbeats do not come back on it or not one behind the other, or a publisher says
 * that it had to drop something.
 */
export async function openRedisBus(options: RedisBusOptions): Promise<RedisBus> {
  const publishing = await RedisConnection.open({ ...options, name: 'petrel-publisher' });
  try {
    const listening = await RedisConnection.open({ ...options, name: 'petrel-subscriber' });
    try {
      return await PubSubBus.open(publishing, listening, options);
    } catch (error) {
      await listening.close();
      throw error;
    }
  } catch (error) {
    await publishing.close();
    throw error;
  }
}

class PubSubBus implements RedisBus {
  readonly #options: RedisBusOptions;
  readonly #publishing: RedisConnection;
  readonly #listening: RedisConnection;
  readonly #publisher: Publisher;
  readonly #prefix: string;
  readonly #everywhere: string;
  /** The node's own channel. */
  readonly #node: Destination;
  readonly #own: string;
  #subscriptions!: Subscriptions;
  readonly #handlers = new Set<(message: BusMessage) => void>();
  readonly #listeners = new Set<BusEventListener>();
  readonly #lossHandlers = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  /** The last heartbeat that was published, and the last that came back. */
  #sent = 0;
  #heard = 0;
  /** Heartbeats that Redis has confirmed since one came back. */
  #silent = 0;
  /** The topic of the event that is being read. */
  #topic: BusTopic | undefined;
  readonly #receiver: FrameReceiver;
  #events = 0;
  #messages = 0;
  #losses = 0;

  private constructor(publishing: RedisConnection, listening: RedisConnection, options: RedisBusOptions) {
    this.#options = options;
    this.#publishing = publishing;
    this.#listening = listening;
    this.#prefix = channelPrefix(publishing.database);
    this.#everywhere = `${this.#prefix}all`;
    this.#node = `n:${randomUUID()}`;
    this.#own = this.#prefix + this.#node;
    this.#publisher = new Publisher({
      redis: publishing,
      maxQueuedBytes: options.maxQueuedBytes ?? 64 * 1024 * 1024,
      timeoutMs: options.timeoutMs ?? timeoutDefaultMs,
      prefix: this.#prefix,
    });
    this.#receiver = {
      event: (event, rewrites) => this.#onEventFrame(event, rewrites),
      message: (message) => {
        this.#messages++;
        tellEach(this.#handlers, this.#options.onError, message);
      },
      beat: (number) => this.#onBeat(number),
      loss: () => this.#lost(),
    };
  }

  static async open(
    publishing: RedisConnection,
    listening: RedisConnection,
    options: RedisBusOptions,
  ): Promise<PubSubBus> {
    const bus = new PubSubBus(publishing, listening, options);
    listening.client.on('messageBuffer', (channel: Buffer, payload: Buffer) =>
      bus.#onPublished(channel, payload),
    );
    bus.#subscriptions = await Subscriptions.open({
      redis: listening,
      always: [bus.#everywhere, bus.#own],
      lingerMs: options.lingerMs ?? 10_000,
      now: options.now ?? Date.now,
      heardAgain: () => {
        bus.#silent = 0;
        // Those from before may have come, or not: the next one is the first.
        bus.#heard = 0;
        bus.#lost();
      },
      onError: options.onError,
    });
    bus.#timer = setInterval(() => bus.#tick(), options.beatMs ?? 1000);
    bus.#timer.unref();
    return bus;
  }

  get ownChannel(): string {
    return this.#own;
  }

  publish(message: BusMessage): void {
    this.#publisher.frame(destinationOf(message), messageFrame(message));
  }

  publishEvent(event: StoredEvent, rewrites: boolean): void {
    eachTopicOf(event.conv, (topic) => this.#publisher.event(topic, event, rewrites));
  }

  flushed(): Promise<void> {
    return this.#publisher.flushed();
  }

  subscribe(handler: (message: BusMessage) => void): () => void {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  onEvent(listener: BusEventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  listen(topic: BusTopic): Promise<void> {
    return this.#subscriptions.listen(this.#prefix + topic);
  }

  leave(topic: BusTopic): void {
    this.#subscriptions.leave(this.#prefix + topic);
  }

  tellLoss(): void {
    this.#publisher.loss();
  }

  onLoss(handler: () => void): () => void {
    this.#lossHandlers.add(handler);
    return () => void this.#lossHandlers.delete(handler);
  }

  async check(): Promise<void> {
    if (!this.#publisher.works || !this.#subscriptions.isHearing) throw new PetrelError('store.unavailable');
    await Promise.all([this.#publishing.check(), this.#listening.check()]);
  }

  get counters(): RedisBusCounters {
    return {
      ...this.#publisher.counters,
      queuedBytes: this.#publisher.queuedBytes,
      events: this.#events,
      messages: this.#messages,
      losses: this.#losses,
      channels: this.#subscriptions.size,
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    // Where Redis is away nobody can be told.
    await this.flushed().catch(() => {});
    await Promise.all([this.#publishing.close(), this.#listening.close()]);
  }

  #onPublished(channel: Buffer, payload: Buffer): void {
    const name = channel.toString('latin1');
    const topic = name === this.#everywhere || name === this.#own ? undefined : name;
    if (topic !== undefined && !this.#subscriptions.hears(topic)) return;
    this.#topic = topic?.slice(this.#prefix.length) as BusTopic | undefined;
    // What cannot be read was published by something else, or by a version that knows more.
    try {
      readFrames(payload, this.#receiver);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #onEventFrame(event: StoredEvent, rewrites: boolean): void {
    this.#events++;
    for (const listener of this.#listeners) {
      try {
        listener(event, rewrites, this.#topic);
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }

  #tick(): void {
    this.#subscriptions.sweep();
    this.#subscriptions.restore();
    this.#publisher.retry();
    if (!this.#subscriptions.isHearing || !this.#publisher.works) return;
    if (this.#silent >= maxSilentBeats) {
      this.#silent = 0;
      this.#listening.reset();
      return;
    }
    this.#sent++;
    this.#publisher.frame(this.#node, beatFrame(this.#sent));
    this.#publisher.flushed().then(
      () => this.#silent++,
      () => {},
    );
  }

  #onBeat(number: number): void {
    this.#silent = 0;
    const expected = this.#heard + 1;
    const isFirst = this.#heard === 0;
    if (number > this.#heard) this.#heard = number;
    if (number > expected && !isFirst) this.#lost();
  }

  /** Something may not have come. */
  #lost(): void {
    this.#losses++;
    tellEach(this.#lossHandlers, this.#options.onError);
  }
}
