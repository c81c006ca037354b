import { type Properties, propertyTable } from './properties.ts';

/** Control packet types, in the upper half of a packet's first byte. */
export const packetTypes = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
} as const;

export const varintLength = (value: number): number =>
  value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;

/** Writes a Variable Byte Integer and answers the offset behind it. */
export function putVarint(bytes: Buffer, at: number, value: number): number {
  let left = value;
  let to = at;
  while (left >= 0x80) {
    bytes[to++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  bytes[to++] = left;
  return to;
}

const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const varint = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(varintLength(value));
  putVarint(bytes, 0, value);
  return bytes;
};

const binary = (value: string | Uint8Array): Buffer => {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([uint16(bytes.length), bytes]);
};

/** The property block with its length; a single 0 where there is none. */
export function encodeProperties(properties: Properties | undefined): Buffer {
  if (properties === undefined) return Buffer.of(0);
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(properties) as [keyof Properties, unknown][]) {
    if (value === undefined) continue;
    const { id, encoding } = propertyTable[name];
    const values = Array.isArray(value) ? value : [value];
    for (const one of values) {
      parts.push(varint(id));
      if (encoding === 'pair')
        parts.push(binary((one as [string, string])[0]), binary((one as [string, string])[1]));
      else if (encoding === 'byte') parts.push(Buffer.of(one as number));
      else if (encoding === 'uint16') parts.push(uint16(one as number));
      else if (encoding === 'uint32') parts.push(uint32(one as number));
      else if (encoding === 'varint') parts.push(varint(one as number));
      else parts.push(binary(one as string | Buffer));
    }
  }
  const block = Buffer.concat(parts);
  return Buffer.concat([varint(block.length), block]);
}

/** A whole packet from its first byte and the parts of its body. */
export function packet(first: number, ...parts: Uint8Array[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  return Buffer.concat([Buffer.of(first), varint(length), ...parts]);
}

export function connack(
  version: number,
  sessionPresent: boolean,
  code: number,
  properties?: Properties,
): Buffer {
  const flags = Buffer.of(sessionPresent ? 1 : 0, code);
  return version === 5 ? packet(0x20, flags, encodeProperties(properties)) : packet(0x20, flags);
}

/** PUBACK, PUBREC, PUBREL or PUBCOMP; reason and properties go to MQTT 5 clients only. */
export function ack(version: number, type: number, id: number, reason = 0, properties?: Properties): Buffer {
  const first = (type << 4) | (type === packetTypes.pubrel ? 2 : 0);
  if (version < 5 || (reason === 0 && properties === undefined))
    return Buffer.of(first, 2, id >> 8, id & 0xff);
  const head = Buffer.of(id >> 8, id & 0xff, reason);
  return properties === undefined ? packet(first, head) : packet(first, head, encodeProperties(properties));
}

export function suback(version: number, id: number, codes: readonly number[]): Buffer {
  return version === 5
    ? packet(0x90, uint16(id), Buffer.of(0), Buffer.from(codes))
    : packet(0x90, uint16(id), Buffer.from(codes));
}

export function unsuback(version: number, id: number, codes: readonly number[]): Buffer {
  return version === 5
    ? packet(0xb0, uint16(id), Buffer.of(0), Buffer.from(codes))
    : packet(0xb0, uint16(id));
}

/** Only MQTT 5 servers say why they disconnect. */
export function disconnect(reason: number, properties?: Properties): Buffer {
  return properties === undefined
    ? Buffer.of(0xe0, 1, reason)
    : packet(0xe0, Buffer.of(reason), encodeProperties(properties));
}

export const auth = (reason: number, properties: Properties): Buffer =>
  packet(0xf0, Buffer.of(reason), encodeProperties(properties));

export const pingresp = Buffer.of(0xd0, 0);

/** A PUBLISH as a client receives it, for all that is not on the way of a chat message. */
export interface OutboundPublish {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly dup?: boolean;
  /** Present for QoS 1 and 2. */
  readonly id?: number;
  readonly properties?: Properties;
}

export function publish(version: number, message: OutboundPublish): Buffer {
  const { topic, payload, qos, retain, dup, id, properties } = message;
  const first = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  const parts: Uint8Array[] = [binary(topic)];
  if (qos > 0) parts.push(uint16(id!));
  if (version === 5) parts.push(encodeProperties(properties));
  parts.push(payload);
  return packet(first, ...parts);
}
