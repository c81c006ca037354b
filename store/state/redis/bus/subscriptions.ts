import { PetrelError } from '../../../../schemas/errors.ts';
import type { RedisConnection } from '../client.ts';

/** Channels of one SUBSCRIBE. */
const maxChannels = 1000;

interface Subscription {
  readonly channel: string;
  /** How often it is listened to. */
  listeners: number;
  /** Since when nobody listens, ms; it lingers, for who reconnects comes back soon. */
  idleSince: number;
  /** Settles when Redis has confirmed it; undefined once it has. */
  confirming: Promise<void> | undefined;
}

export interface SubscriptionsOptions {
  readonly redis: RedisConnection;
  /** Channels that are always listened to. */
  readonly always: readonly string[];
  readonly lingerMs: number;
  readonly now: () => number;
  /** All channels are heard again after they were not. */
  readonly heardAgain: () => void;
  readonly onError: (error: unknown) => void;
}

/** The channels of one connection: how often each is listened to, and all of them again on each new connection. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #redis: RedisConnection;
  readonly #held = new Map<string, Subscription>();
  /** Those nobody listens to, the longest first. */
  readonly #idle = new Set<Subscription>();
  /** What this turn subscribes to. */
  #due: string[] = [];
  #sending: Promise<void> | undefined;
  /** Counts connections: what an older one was asked says nothing. */
  #round = 0;
  #isHearing = false;
  #restoring = false;

  private constructor(options: SubscriptionsOptions) {
    this.#options = options;
    this.#redis = options.redis;
    options.redis.onDown(() => this.#lost());
    options.redis.onUp(() => this.restore());
  }

  static async open(options: SubscriptionsOptions): Promise<Subscriptions> {
    const subscriptions = new Subscriptions(options);
    await options.redis.command('subscribe', ...options.always);
    subscriptions.#isHearing = true;
    return subscriptions;
  }

  /** All that is listened to is heard now, as far as is known. */
  get isHearing(): boolean {
    return this.#isHearing;
  }

  get size(): number {
    return this.#held.size;
  }

  hears(channel: string): boolean {
    return (this.#held.get(channel)?.listeners ?? 0) > 0;
  }

  /** Resolves when the channel is heard; rejects with `store.unavailable`, and nothing is held then. */
  async listen(channel: string): Promise<void> {
    if (!this.#isHearing) throw new PetrelError('store.unavailable');
    let held = this.#held.get(channel);
    if (held === undefined) {
      held = { channel, listeners: 0, idleSince: 0, confirming: undefined };
      this.#held.set(channel, held);
      held.confirming = this.#subscribe(held);
    }
    held.listeners++;
    this.#idle.delete(held);
    await held.confirming;
  }

  async #subscribe(held: Subscription): Promise<void> {
    this.#due.push(held.channel);
    this.#sending ??= Promise.resolve().then(() => this.#sendDue());
    const round = this.#round;
    try {
      await this.#sending;
      if (round !== this.#round) throw new PetrelError('store.unavailable');
      held.confirming = undefined;
    } catch (error) {
      // All who wait for it are told, and none of them leaves.
      if (this.#held.get(held.channel) === held) this.#held.delete(held.channel);
      throw error;
    }
  }

  async #sendDue(): Promise<void> {
    const due = this.#due;
    this.#due = [];
    this.#sending = undefined;
    await this.#send('subscribe', due);
  }

  async #send(name: 'subscribe' | 'unsubscribe', channels: readonly string[]): Promise<void> {
    const parts: Promise<unknown>[] = [];
    for (let at = 0; at < channels.length; at += maxChannels)
      parts.push(this.#redis.command(name, ...channels.slice(at, at + maxChannels)));
    await Promise.all(parts);
  }

  leave(channel: string): void {
    const held = this.#held.get(channel);
    if (held === undefined || held.listeners === 0) return;
    held.listeners--;
    if (held.listeners > 0) return;
    held.idleSince = this.#options.now();
    this.#idle.add(held);
  }

  /** Ends those nobody has listened to for long. */
  sweep(): void {
    const before = this.#options.now() - this.#options.lingerMs;
    const ended: string[] = [];
    for (const held of this.#idle) {
      if (held.idleSince > before) break;
      if (held.confirming !== undefined) continue;
      this.#idle.delete(held);
      this.#held.delete(held.channel);
      ended.push(held.channel);
    }
    // Where it fails the connection is lost, and the next one does not have them.
    if (ended.length > 0 && this.#isHearing) this.#send('unsubscribe', ended).catch(() => {});
  }

  #lost(): void {
    this.#round++;
    this.#isHearing = false;
    this.#restoring = false;
    for (const held of this.#idle) this.#held.delete(held.channel);
    this.#idle.clear();
  }

  /** Listens to everything on a new connection; again where Redis refused it. */
  restore(): void {
    if (this.#isHearing || this.#restoring || !this.#redis.isUp) return;
    this.#restoring = true;
    const round = this.#round;
    const channels = [...this.#options.always, ...this.#held.keys()];
    this.#send('subscribe', channels).then(
      () => {
        if (round !== this.#round) return;
        this.#restoring = false;
        this.#isHearing = true;
        this.#options.heardAgain();
      },
      (error: unknown) => {
        if (round !== this.#round) return;
        this.#restoring = false;
        this.#options.onError(error);
      },
    );
  }
}
