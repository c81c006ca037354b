import { PetrelError } from '../../schemas/errors.ts';
import { filterMatcher } from '../../schemas/topics.ts';
import type { RetainedPacket } from './aedes.ts';
import { CustomMessage } from './message.ts';

/** What is retained at most. */
export interface RetainedLimits {
  readonly maxRetainedMessages: number;
  readonly maxRetainedBytes: number;
}

/** Where retained messages are kept: the store, or aedes' persistence. */
export interface RetainedKeeper {
  /** Keeps a message as its topic's; an empty payload removes what is kept. Resolves when it is as safe as it will be. */
  storeRetained(packet: RetainedPacket): Promise<void>;
  /** Every retained message. */
  retained(): AsyncIterable<RetainedPacket>;
}

/**
 * Retained messages: written through to their keeper and read from a map of them, because aedes' persistence looks at
 * every message for each read, even of one topic (and its `+` does not match an empty level).
 */
export class RetainedMessages {
  readonly #keeper: RetainedKeeper;
  readonly #limits: RetainedLimits;
  readonly #now: () => number;
  readonly #messages = new Map<string, CustomMessage>();
  readonly #expiring = new Set<string>();
  #bytes = 0;

  constructor(keeper: RetainedKeeper, limits: RetainedLimits, now: () => number) {
    this.#keeper = keeper;
    this.#limits = limits;
    this.#now = now;
  }

  get size(): number {
    return this.#messages.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes up what the persistence kept. */
  async load(): Promise<void> {
    for await (const { topic, payload, qos, properties } of this.#keeper.retained()) {
      const envelope = properties ?? { qos, retain: true, from: '', at: this.#now() };
      this.#put(new CustomMessage(topic, payload, envelope, 0));
    }
  }

  /** Throws `topic.quota` where there is no room for a message. */
  check(message: CustomMessage): void {
    if (message.payload.length === 0 || this.#fits(message)) return;
    this.expire();
    if (this.#fits(message)) return;
    throw new PetrelError('topic.quota', 'The server keeps as many retained messages as it may.');
  }

  #fits(message: CustomMessage): boolean {
    const old = this.#messages.get(message.topic);
    const { maxRetainedMessages, maxRetainedBytes } = this.#limits;
    return (
      this.#messages.size + (old === undefined ? 1 : 0) <= maxRetainedMessages &&
      this.#bytes + message.bytes - (old?.bytes ?? 0) <= maxRetainedBytes
    );
  }

  /** Keeps the message as its topic's; an empty payload clears it. [MQTT-3.3.1-6] Resolves when it is stored. */
  async set(message: CustomMessage): Promise<void> {
    const { topic, payload, envelope } = message;
    message.keep();
    const old = this.#messages.get(topic);
    if (payload.length === 0) this.#drop(topic);
    else this.#put(message);
    try {
      await this.#keeper.storeRetained({
        topic,
        payload: message.payload,
        qos: envelope.qos,
        properties: envelope,
      });
    } catch (error) {
      // What was not stored is not there, unless a newer message has come.
      const now = this.#messages.get(topic);
      if (now === message) this.#drop(topic);
      if (old !== undefined && (now === undefined || now === message)) this.#put(old);
      throw error;
    }
  }

  /** Another one has stored it. */
  take(message: CustomMessage): void {
    if (message.payload.length === 0) this.#drop(message.topic);
    else {
      message.keep();
      this.#put(message);
    }
  }

  /** These are all there are. */
  replace(messages: Iterable<CustomMessage>): void {
    for (const topic of [...this.#messages.keys()]) this.#drop(topic);
    for (const message of messages) this.#put(message);
  }

  #put(message: CustomMessage): void {
    this.#drop(message.topic);
    this.#messages.set(message.topic, message);
    this.#bytes += message.bytes;
    if (message.expires) this.#expiring.add(message.topic);
  }

  #drop(topic: string): void {
    const old = this.#messages.get(topic);
    if (old === undefined) return;
    this.#messages.delete(topic);
    this.#expiring.delete(topic);
    this.#bytes -= old.bytes;
  }

  get(topic: string): CustomMessage | undefined {
    const message = this.#messages.get(topic);
    return message?.expired(this.#now()) ? undefined : message;
  }

  /** The topics with a retained message that a filter matches. */
  matching(filter: string): string[] {
    const wildcard = filter.search(/[+#]/);
    if (wildcard === -1) return this.#messages.has(filter) ? [filter] : [];
    // `a/#` matches `a` too, so that the prefix ends before the slash
    const prefix = filter.slice(0, Math.max(0, wildcard - 1));
    const matches = filterMatcher(filter);
    const topics: string[] = [];
    for (const topic of this.#messages.keys()) {
      if (topic.startsWith(prefix) && matches(topic)) topics.push(topic);
    }
    return topics;
  }

  /** Removes what has expired. */
  expire(): void {
    const now = this.#now();
    for (const topic of this.#expiring) {
      const message = this.#messages.get(topic);
      if (!message?.expired(now)) continue;
      this.#drop(topic);
      const cleared = { topic, payload: Buffer.alloc(0), qos: 0 as const };
      // Not cleared there, it is found expired by the next start.
      this.#keeper.storeRetained(cleared).catch(() => undefined);
    }
  }
}
