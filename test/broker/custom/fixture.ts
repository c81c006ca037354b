import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet';
import { OutboundAliases } from '../../../broker/custom/aliases.ts';
import type { CustomClient, CustomPublish, CustomTopics, Granted } from '../../../broker/custom/custom.ts';
import type { CustomOptions } from '../../../broker/custom/options.ts';
import { createCustomTopics } from '../../../broker/custom/topics.ts';
import type { Hub } from '../../../broker/hub/hub.ts';
import type { Link } from '../../../broker/hub/link.ts';
import { Session } from '../../../broker/hub/session.ts';
import type { TopicRule } from '../../../policy/custom.ts';
import type { StoredSubscription } from '../../../store/sessions.ts';

export const openRules: readonly TopicRule[] = [{ match: '#', allow: ['publish', 'subscribe'] }];

/** A connection that collects what it is sent. */
export class FakeLink implements Link {
  readonly version: number;
  maxPacketSize = Number.POSITIVE_INFINITY;
  backlog = 0;
  ended: number | undefined;
  #frames: Buffer[] = [];

  constructor(version: number) {
    this.version = version;
  }

  send(frame: Buffer): void {
    this.#frames.push(frame);
  }

  expire(): void {}

  end(reason: number): void {
    this.ended = reason;
  }

  takeFrames(): Buffer[] {
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }

  /** What was sent since the last call, decoded. */
  take(): Packet[] {
    const packets: Packet[] = [];
    const decoder = parser({ protocolVersion: this.version });
    decoder.on('packet', (packet: Packet) => packets.push(packet));
    decoder.on('error', (error: Error) => {
      throw error;
    });
    for (const frame of this.takeFrames()) decoder.parse(frame);
    return packets;
  }

  publishes(): IPublishPacket[] {
    return this.take().filter((packet) => packet.cmd === 'publish');
  }

  payloads(): string[] {
    return this.publishes().map(({ payload }) => payload.toString());
  }
}

export interface ClientOptions {
  readonly uid?: string;
  readonly version?: number;
  readonly window?: number;
  readonly persistent?: boolean;
  readonly scopes?: readonly string[];
  readonly maxPacketSize?: number;
  /** The client's Topic Alias Maximum. */
  readonly aliases?: number;
}

export interface TestClient extends CustomClient {
  readonly link: FakeLink;
}

/** A connection of the session `key`. */
export function connect(key: string, options: ClientOptions = {}): TestClient {
  const { uid = key.split('/')[0]!, version = 5, window = 100, persistent = false, scopes = [] } = options;
  const link = new FakeLink(version);
  if (options.maxPacketSize !== undefined) link.maxPacketSize = options.maxPacketSize;
  const session = new Session({ now: () => 0 } as unknown as Hub, {
    clientId: key,
    did: key,
    user: {
      uid,
      sessions: [],
      groups: new Map(),
      inboxTopic: Buffer.alloc(0),
      loaded: Promise.resolve(),
      changed: undefined,
    } as unknown as Session['user'],
    link,
    window,
    maxBacklogBytes: 1 << 20,
    resumed: false,
  });
  const identity = { uid, scopes: new Set(scopes), expiresAt: Number.POSITIVE_INFINITY };
  const aliases = options.aliases === undefined ? {} : { aliases: new OutboundAliases(options.aliases) };
  return { key, identity, link, session, persistent, ...aliases };
}

/** A node's custom topics with a clock that stands until it is moved. */
export class Bench {
  readonly topics: CustomTopics;
  readonly errors: unknown[];
  readonly clock: { now: number };

  protected constructor(topics: CustomTopics, errors: unknown[], clock: { now: number }) {
    this.topics = topics;
    this.errors = errors;
    this.clock = clock;
  }

  static async open(options: Partial<CustomOptions> = {}): Promise<Bench> {
    const errors: unknown[] = [];
    const clock = { now: 1_000_000 };
    const topics = await createCustomTopics({
      rules: openRules,
      now: () => clock.now,
      version: '1.2.3',
      connected: () => 4,
      onError: (error) => errors.push(error),
      ...options,
    });
    return new Bench(topics, errors, clock);
  }

  /** Subscribes and gets the retained messages, as the gate does. */
  async subscribe(
    client: CustomClient,
    filter: string,
    options: Omit<Partial<StoredSubscription>, 'filter'> = {},
  ): Promise<number> {
    const granted: Granted = await this.topics.subscribe(client, { filter, qos: 1, ...options });
    granted.sendRetained?.();
    return granted.code;
  }

  publish(
    client: CustomClient,
    topic: string,
    payload: string | Buffer,
    options: Partial<Omit<CustomPublish, 'topic' | 'payload'>> = {},
  ): Promise<void> {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    return this.topics.publish(client, { topic, payload: bytes, qos: 1, retain: false, ...options });
  }

  /** Acknowledges everything that a QoS 1 client was sent and answers its payloads; goes on until nothing comes. */
  drain(client: TestClient): string[] {
    const payloads: string[] = [];
    for (let sent = client.link.publishes(); sent.length > 0; sent = client.link.publishes()) {
      for (const { payload, qos, messageId } of sent) {
        payloads.push(payload.toString());
        if (qos === 1) this.topics.acknowledge(client, 'puback', messageId!, 0);
      }
    }
    return payloads;
  }
}

/** The bytes another implementation makes of a packet. */
export const encoded = (packet: Packet, version: number): Buffer =>
  generate(packet, { protocolVersion: version });
