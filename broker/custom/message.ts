import type { Properties } from '../gate/properties.ts';
import { encodeProperties, putVarint, varintLength } from '../gate/writer.ts';
import type { Envelope } from './aedes.ts';
import type { TopicAlias } from './aliases.ts';

export type QoS = 0 | 1 | 2;

/** How one receiver gets a message. */
export interface Copy {
  readonly qos: QoS;
  readonly retain: boolean;
  /** The identifiers of all its subscriptions that match. [MQTT-3.3.4-3] [MQTT-3.3.4-4] */
  readonly identifiers: readonly number[] | undefined;
}

/** What a server forwards unaltered. [MQTT-3.3.2-4] [MQTT-3.3.2-15..20] */
const forwarded = [
  'payloadFormatIndicator',
  'contentType',
  'responseTopic',
  'correlationData',
  'userProperties',
] as const;

/** The property block of what is forwarded, without its length. */
function forwardedBlock(properties: Properties | undefined): Buffer | undefined {
  if (properties === undefined) return undefined;
  const kept: Properties = {};
  for (const name of forwarded) {
    if (properties[name] !== undefined) (kept as Record<string, unknown>)[name] = properties[name];
  }
  const encoded = encodeProperties(kept);
  let start = 1;
  while (encoded[start - 1]! >= 0x80) start++;
  return encoded.length === start ? undefined : encoded.subarray(start);
}

/** The bytes without the larger buffer they are a part of. */
const own = (bytes: Buffer): Buffer =>
  bytes.buffer.byteLength > bytes.length + 1024 ? Buffer.from(new Uint8Array(bytes).buffer) : bytes;

/** A message on its way to subscribers: the frame of plain fan-out is built once for each protocol version. */
export class CustomMessage {
  readonly topic: string;
  readonly envelope: Envelope;
  /** Rises from message to message. */
  readonly number: number;
  /** What it weighs in queues and quotas. */
  readonly bytes: number;
  /** The packet id that its receivers share, so that they share the frame; 0 until one needs it. */
  sharedId = 0;
  readonly #expirySeconds: number | undefined;
  readonly #topicLength: number;
  #payload: Buffer;
  #block: Buffer | undefined;
  #encoded = false;
  #plain4: Buffer | undefined;
  #plain4Key = -1;
  #plain5: Buffer | undefined;
  #plain5Key = -1;

  constructor(topic: string, payload: Buffer, envelope: Envelope, number: number) {
    this.topic = topic;
    this.#payload = payload;
    this.envelope = envelope;
    this.number = number;
    this.#topicLength = Buffer.byteLength(topic);
    this.#expirySeconds = envelope.properties?.messageExpiryInterval;
    const { correlationData, userProperties } = envelope.properties ?? {};
    let bytes = this.#topicLength + payload.length + (correlationData?.length ?? 0);
    for (const [name, value] of userProperties ?? []) bytes += name.length + value.length;
    this.bytes = bytes;
  }

  get payload(): Buffer {
    return this.#payload;
  }

  /** For a message that stays: it no longer holds the chunk it was read from, nor the frames of its fan-out. */
  keep(): void {
    this.#plain4 = undefined;
    this.#plain5 = undefined;
    this.#payload = own(this.#payload);
    const { properties } = this.envelope;
    if (properties?.correlationData !== undefined) {
      properties.correlationData = own(properties.correlationData);
    }
  }

  get expires(): boolean {
    return this.#expirySeconds !== undefined;
  }

  /** Whether its time has passed before its delivery began. [MQTT-3.3.2-5] */
  expired(now: number): boolean {
    return this.#expirySeconds !== undefined && now >= this.envelope.at + this.#expirySeconds * 1000;
  }

  /** The PUBLISH for one receiver; an alias is MQTT 5's alone. */
  frame(
    version: number,
    copy: Copy,
    id: number,
    dup: boolean,
    now: number,
    alias: TopicAlias | undefined,
  ): Buffer {
    const { qos, retain, identifiers } = copy;
    const first = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
    const key = (first << 16) | id;
    if (version < 5) {
      if (this.#plain4Key !== key || this.#plain4 === undefined) {
        this.#plain4Key = key;
        this.#plain4 = this.#build(version, first, id, undefined, undefined, undefined);
      }
      return this.#plain4;
    }
    // [MQTT-3.3.2-6] what is left of the interval
    const left =
      this.#expirySeconds === undefined
        ? undefined
        : Math.max(0, this.#expirySeconds - Math.floor(Math.max(0, now - this.envelope.at) / 1000));
    if (alias !== undefined || identifiers !== undefined || left !== this.#expirySeconds) {
      return this.#build(version, first, id, identifiers, left, alias);
    }
    if (this.#plain5Key !== key || this.#plain5 === undefined) {
      this.#plain5Key = key;
      this.#plain5 = this.#build(version, first, id, undefined, left, undefined);
    }
    return this.#plain5;
  }

  #forwarded(): Buffer | undefined {
    if (!this.#encoded) {
      this.#encoded = true;
      this.#block = forwardedBlock(this.envelope.properties);
    }
    return this.#block;
  }

  #build(
    version: number,
    first: number,
    id: number,
    identifiers: readonly number[] | undefined,
    expiryLeft: number | undefined,
    alias: TopicAlias | undefined,
  ): Buffer {
    const block = version < 5 ? undefined : this.#forwarded();
    const topicLength = alias?.known ? 0 : this.#topicLength;
    let properties =
      (block?.length ?? 0) + (expiryLeft === undefined ? 0 : 5) + (alias === undefined ? 0 : 3);
    for (const identifier of identifiers ?? []) properties += 1 + varintLength(identifier);
    const propertiesLength = version < 5 ? 0 : varintLength(properties) + properties;
    const idLength = (first & 6) === 0 ? 0 : 2;
    const length = 2 + topicLength + idLength + propertiesLength + this.#payload.length;
    const frame = Buffer.allocUnsafe(1 + varintLength(length) + length);
    frame[0] = first;
    let at = putVarint(frame, 1, length);
    at = frame.writeUInt16BE(topicLength, at);
    if (topicLength > 0) at += frame.write(this.topic, at);
    if (idLength > 0) at = frame.writeUInt16BE(id, at);
    if (version >= 5) {
      at = putVarint(frame, at, properties);
      if (expiryLeft !== undefined) {
        frame[at++] = 0x02;
        at = frame.writeUInt32BE(expiryLeft, at);
      }
      if (alias !== undefined) {
        frame[at++] = 0x23;
        at = frame.writeUInt16BE(alias.number, at);
      }
      for (const identifier of identifiers ?? []) {
        frame[at++] = 0x0b;
        at = putVarint(frame, at, identifier);
      }
      if (block !== undefined) {
        frame.set(block, at);
        at += block.length;
      }
    }
    frame.set(this.#payload, at);
    return frame;
  }
}
