import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { IConnackPacket, IConnectPacket, IPublishPacket, ISubscription, QoS } from 'mqtt-packet';
import { type TProperties, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { EventDocument } from '../../schemas/event.ts';
import { noticeSchemas } from '../../schemas/notices.ts';
import { PacketClient, type PacketOf, type Version } from './packet-client.ts';

export interface ConnectOptions {
  readonly version?: Version;
  readonly clientId?: string;
  /** Clean Start, or Clean Session; true where absent. */
  readonly clean?: boolean;
  /** MQTT 5's Session Expiry Interval, seconds. */
  readonly expiry?: number;
  readonly receiveMaximum?: number;
  readonly keepalive?: number;
  readonly username?: string;
  readonly password?: string;
  readonly will?: IConnectPacket['will'];
  readonly properties?: IConnectPacket['properties'];
  /** Whether deliveries are acknowledged by themselves; true where absent. */
  readonly acknowledges?: boolean;
}

export interface Notice {
  readonly type: string;
  readonly ts: number;
  readonly [member: string]: unknown;
}

export interface Answer {
  readonly ok: boolean;
  readonly data?: Record<string, unknown>;
  readonly error?: { readonly code: string; readonly message: string; readonly retryable: boolean };
  readonly rid?: unknown;
}

/** The answer to a message: of a PUBACK, or of a PUBREC for QoS 2. */
export interface Ack {
  readonly reason: number;
  readonly reasonString: string | undefined;
  readonly properties: Readonly<Record<string, string | string[] | undefined>>;
}

export const textMessage = (id: string, text: string) => ({ id, type: 'text', body: { text } });

const noticeChecks = new Map(
  Object.entries(noticeSchemas).map(([type, forms]) => [
    type,
    forms.map((form: { properties: TProperties }) =>
      Compile(Type.Object(form.properties, { additionalProperties: false })),
    ),
  ]),
);

const toPayload = (payload: object | string): Buffer =>
  Buffer.isBuffer(payload)
    ? payload
    : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));

/** A packet client that knows Petrel's topics, and holds the notices it is asked for to their schemas. */
export class ChatClient extends PacketClient {
  /** How the server greeted. */
  connack: IConnackPacket = { cmd: 'connack', sessionPresent: false };

  /** Connects; resolves with the CONNACK, whatever it says, in `connack`. */
  static async connect(
    to: number | Duplex,
    {
      version = 5,
      clientId = '',
      clean = true,
      expiry,
      receiveMaximum,
      keepalive = 60,
      username,
      password,
      will,
      properties,
      acknowledges = true,
    }: ConnectOptions,
  ): Promise<ChatClient> {
    let socket = to;
    if (typeof socket === 'number') {
      socket = connect({ port: socket, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
    }
    const client = new ChatClient(socket, version);
    client.acknowledges = acknowledges;
    client.send({
      cmd: 'connect',
      protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
      protocolVersion: version,
      clientId,
      clean,
      keepalive,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: Buffer.from(password) }),
      ...(will === undefined ? {} : { will }),
      ...(version < 5
        ? {}
        : {
            properties: {
              ...(expiry === undefined ? {} : { sessionExpiryInterval: expiry }),
              ...(receiveMaximum === undefined ? {} : { receiveMaximum }),
              ...properties,
            },
          }),
    });
    client.connack = await client.next('connack');
    return client;
  }

  /** CONNACK's reason code, or its return code before MQTT 5. */
  get reason(): number {
    return this.connack.reasonCode ?? this.connack.returnCode ?? 0;
  }

  /** Sends without waiting for the answer; answers the packet id. */
  post(topic: string, payload: object | string, qos: QoS = 1, more: Partial<IPublishPacket> = {}): number {
    const messageId = qos === 0 ? 0 : (more.messageId ?? this.nextId());
    const packet = { topic, payload: toPayload(payload), qos, dup: false, retain: false, ...more };
    this.send({ cmd: 'publish', ...packet, messageId });
    return messageId;
  }

  /** Sends a message and waits for its PUBACK, or at QoS 2 for its PUBREC (then it goes on to the PUBCOMP). */
  async publish(
    topic: string,
    payload: object | string,
    qos: 1 | 2 = 1,
    more: Partial<IPublishPacket> = {},
  ): Promise<Ack> {
    const id = this.post(topic, payload, qos, more);
    if (qos === 1) return toAck(await this.next('puback', ({ messageId }) => messageId === id));
    const ack = toAck((await this.next('pubrec', ({ messageId }) => messageId === id)) as never);
    if (ack.reason < 0x80) {
      this.send({ cmd: 'pubrel', messageId: id });
      await this.next('pubcomp', ({ messageId }) => messageId === id);
    }
    return ack;
  }

  /** The PUBACK of a packet id. */
  async acked(id: number, timeoutMs?: number): Promise<Ack> {
    return toAck(await this.next('puback', ({ messageId }) => messageId === id, timeoutMs));
  }

  /** Answers the codes of the SUBACK. */
  async subscribe(
    filters: readonly (string | ISubscription)[],
    properties?: PacketOf<'subscribe'>['properties'],
  ): Promise<number[]> {
    const messageId = this.nextId();
    const subscriptions = filters.map((filter) =>
      typeof filter === 'string' ? { topic: filter, qos: 1 as const } : filter,
    );
    this.send({ cmd: 'subscribe', messageId, subscriptions, ...(properties && { properties }) });
    const { granted } = await this.next('suback', (packet) => packet.messageId === messageId);
    return granted as number[];
  }

  /** Answers the codes of the UNSUBACK (none before MQTT 5). */
  async unsubscribe(filters: readonly string[]): Promise<number[]> {
    const messageId = this.nextId();
    this.send({ cmd: 'unsubscribe', messageId, unsubscriptions: [...filters] });
    const { granted } = await this.next('unsuback', (packet) => packet.messageId === messageId);
    return granted ?? [];
  }

  /** The next delivery on a topic that the filter function takes. Word of the user's other devices is passed over. */
  delivery(wanted: (topic: string) => boolean = () => true): Promise<IPublishPacket> {
    return this.next('publish', (packet) => wanted(packet.topic) && !isDeviceNotice(packet));
  }

  /** The next event on u/… or g/…, of one conversation where given. */
  async event(conv?: string): Promise<EventDocument> {
    const packet = await this.next(
      'publish',
      (one) => isEventTopic(one.topic) && (conv === undefined || eventOf(one).conv === conv),
    );
    return eventOf(packet);
  }

  async events(count: number, conv?: string): Promise<EventDocument[]> {
    const events: EventDocument[] = [];
    while (events.length < count) events.push(await this.event(conv));
    return events;
  }

  /** The next notice of this type. */
  async notice(type: string): Promise<Notice> {
    const packet = await this.next(
      'publish',
      (one) => one.topic.startsWith('n/') && jsonOf<Notice>(one).type === type,
    );
    const notice = jsonOf<Notice>(packet);
    const { ts, ...rest } = notice;
    const fits = noticeChecks.get(type)?.some((check) => check.Check(rest)) ?? false;
    assert.ok(fits && Number.isInteger(ts), `not as documented: ${JSON.stringify(notice)}`);
    return notice;
  }

  /** What was delivered until now and nobody has taken: of events, their conversation and seq. As `delivery`. */
  async undelivered(): Promise<string[]> {
    await this.ping();
    return this.inbox.flatMap((packet) => {
      if (packet.cmd !== 'publish' || isDeviceNotice(packet)) return [];
      if (!isEventTopic(packet.topic)) return [packet.topic];
      const { conv, seq } = eventOf(packet);
      return [`${conv} ${seq}`];
    });
  }

  /** The events among them. */
  async unexpectedEvents(): Promise<string[]> {
    return (await this.undelivered()).filter((line) => line.includes(' '));
  }

  /** Asks for an operation over MQTT. */
  async request(operation: string, input: object = {}): Promise<Answer> {
    const rid = `r-${this.nextId()}`;
    this.post(`req/${operation}`, { ...input, rid });
    const packet = await this.next(
      'publish',
      (one) => one.topic === `res/${operation}` && jsonOf<Answer>(one).rid === rid,
    );
    return jsonOf(packet);
  }
}

export const isEventTopic = (topic: string): boolean => /^[ug]\//.test(topic);

export const jsonOf = <T>({ payload }: Pick<IPublishPacket, 'payload'>): T =>
  JSON.parse(payload.toString()) as T;

/** Whether it tells of another device of the user, which any connection with a client id of its own is. */
const isDeviceNotice = (packet: IPublishPacket): boolean =>
  packet.topic.startsWith('n/') && jsonOf<Notice>(packet).type === 'device';

export const eventOf = (packet: IPublishPacket): EventDocument => jsonOf(packet);

export const toAck = ({ reasonCode, properties }: PacketOf<'puback'>): Ack => ({
  reason: reasonCode ?? 0,
  reasonString: properties?.reasonString,
  properties: { ...properties?.userProperties },
});

/** Asserts that a message was refused with this reason code and error code. */
export function assertRefused(ack: Ack, reason: number, code: string): void {
  assert.equal(ack.reason.toString(16), reason.toString(16), ack.reasonString);
  assert.ok(ack.reasonString?.startsWith(code), `${ack.reasonString} does not start with ${code}`);
}
