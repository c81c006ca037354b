/** MQTT packets byte by byte, right ones and wrong ones alike: nothing here is checked. */

export type Bytes = Uint8Array | string;

/** A string is its UTF-8 bytes; to give others, give a Buffer. */
const bytesOf = (bytes: Bytes): Uint8Array => (typeof bytes === 'string' ? Buffer.from(bytes) : bytes);

export const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex');

export const uint16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff);

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** A Variable Byte Integer. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  do {
    const rest = Math.floor(left / 128);
    bytes.push((left % 128) + (rest > 0 ? 128 : 0));
    left = rest;
  } while (left > 0);
  return Buffer.from(bytes);
}

/** A length of two bytes and the bytes behind it. */
export const string = (text: Bytes): Buffer => {
  const bytes = bytesOf(text);
  return Buffer.concat([uint16(bytes.length), bytes]);
};

/** A whole packet: its first byte, its remaining length, its body. */
export const frame = (first: number, ...body: readonly Bytes[]): Buffer => {
  const bytes = Buffer.concat(body.map(bytesOf));
  return Buffer.concat([Buffer.of(first), varint(bytes.length), bytes]);
};

const byteOf = (id: number) => (value: number) => Buffer.of(id, value);
const uint16Of = (id: number) => (value: number) => Buffer.concat([Buffer.of(id), uint16(value)]);
const uint32Of = (id: number) => (value: number) => Buffer.concat([Buffer.of(id), uint32(value)]);
const stringOf = (id: number) => (value: Bytes) => Buffer.concat([Buffer.of(id), string(value)]);

/** Every property of MQTT 5 (section 2.2.2.2) by its name. */
export const property = {
  payloadFormat: byteOf(0x01),
  messageExpiry: uint32Of(0x02),
  contentType: stringOf(0x03),
  responseTopic: stringOf(0x08),
  correlationData: stringOf(0x09),
  subscriptionId: (value: number) => Buffer.concat([Buffer.of(0x0b), varint(value)]),
  sessionExpiry: uint32Of(0x11),
  assignedClientId: stringOf(0x12),
  serverKeepAlive: uint16Of(0x13),
  authMethod: stringOf(0x15),
  authData: stringOf(0x16),
  requestProblem: byteOf(0x17),
  willDelay: uint32Of(0x18),
  requestResponse: byteOf(0x19),
  responseInformation: stringOf(0x1a),
  serverReference: stringOf(0x1c),
  reasonString: stringOf(0x1f),
  receiveMaximum: uint16Of(0x21),
  topicAliasMaximum: uint16Of(0x22),
  topicAlias: uint16Of(0x23),
  maximumQos: byteOf(0x24),
  retainAvailable: byteOf(0x25),
  user: (key: Bytes, value: Bytes) => Buffer.concat([Buffer.of(0x26), string(key), string(value)]),
  maximumPacketSize: uint32Of(0x27),
  wildcardAvailable: byteOf(0x28),
  subscriptionIdAvailable: byteOf(0x29),
  sharedAvailable: byteOf(0x2a),
} as const;

/** Properties with their length in front. */
export const properties = (...parts: readonly Uint8Array[]): Buffer => {
  const bytes = Buffer.concat(parts);
  return Buffer.concat([varint(bytes.length), bytes]);
};

export interface RawWill {
  readonly topic: Bytes;
  readonly payload?: Bytes;
  readonly qos?: number;
  readonly retain?: boolean;
  readonly properties?: readonly Uint8Array[];
}

export interface RawConnect {
  readonly name?: Bytes;
  readonly level?: number;
  readonly clean?: boolean;
  readonly keepAlive?: number;
  readonly clientId?: Bytes;
  readonly properties?: readonly Uint8Array[];
  readonly will?: RawWill;
  readonly userName?: Bytes;
  readonly password?: Bytes;
  /** The connect flags, in place of those that the other members make. */
  readonly flags?: number;
}

export function connect({
  name = 'MQTT',
  level = 5,
  clean = true,
  keepAlive = 60,
  clientId = '',
  properties: given = [],
  will,
  userName,
  password,
  flags,
}: RawConnect = {}): Buffer {
  const made =
    (clean ? 0x02 : 0) |
    (will === undefined ? 0 : 0x04 | ((will.qos ?? 0) << 3) | (will.retain ? 0x20 : 0)) |
    (password === undefined ? 0 : 0x40) |
    (userName === undefined ? 0 : 0x80);
  const isFive = level >= 5;
  return frame(
    0x10,
    string(name),
    Buffer.of(level, flags ?? made),
    uint16(keepAlive),
    isFive ? properties(...given) : '',
    string(clientId),
    will === undefined || !isFive ? '' : properties(...(will.properties ?? [])),
    will === undefined ? '' : string(will.topic),
    will === undefined ? '' : string(will.payload ?? ''),
    userName === undefined ? '' : string(userName),
    password === undefined ? '' : string(password),
  );
}

export interface RawPublish {
  readonly version?: number;
  readonly topic?: Bytes;
  readonly payload?: Bytes;
  readonly qos?: number;
  readonly id?: number;
  readonly retain?: boolean;
  readonly dup?: boolean;
  readonly properties?: readonly Uint8Array[];
}

export function publish({
  version = 5,
  topic = 'a',
  payload = '',
  qos = 0,
  id = 1,
  retain = false,
  dup = false,
  properties: given = [],
}: RawPublish = {}): Buffer {
  return frame(
    0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0),
    string(topic),
    qos === 0 ? '' : uint16(id),
    version === 5 ? properties(...given) : '',
    payload,
  );
}

/** A SUBSCRIBE of MQTT 5; each filter with its options byte. */
export const subscribe = (
  id: number,
  filters: readonly (readonly [filter: Bytes, options: number])[],
  ...given: readonly Uint8Array[]
): Buffer =>
  frame(
    0x82,
    uint16(id),
    properties(...given),
    Buffer.concat(filters.flatMap(([filter, options]) => [string(filter), Buffer.of(options)])),
  );

/** An UNSUBSCRIBE of MQTT 5. */
export const unsubscribe = (id: number, filters: readonly Bytes[], ...given: readonly Uint8Array[]): Buffer =>
  frame(0xa2, uint16(id), properties(...given), Buffer.concat(filters.map(string)));

/** PUBACK, PUBREC, PUBREL or PUBCOMP by its first byte, in the short form where there is no reason. */
export const ack = (first: number, id: number, reason?: number, ...given: readonly Uint8Array[]): Buffer =>
  frame(
    first,
    uint16(id),
    reason === undefined ? '' : Buffer.of(reason),
    given.length === 0 ? '' : properties(...given),
  );

export const puback = (id: number, reason?: number): Buffer => ack(0x40, id, reason);
export const pubrec = (id: number, reason?: number): Buffer => ack(0x50, id, reason);
export const pubrel = (id: number, reason?: number): Buffer => ack(0x62, id, reason);
export const pubcomp = (id: number, reason?: number): Buffer => ack(0x70, id, reason);
export const pingreq = hex('c000');

export const disconnect = (reason?: number, ...given: readonly Uint8Array[]): Buffer =>
  frame(0xe0, reason === undefined ? '' : Buffer.of(reason), given.length === 0 ? '' : properties(...given));

export const auth = (reason: number, ...given: readonly Uint8Array[]): Buffer =>
  frame(0xf0, Buffer.of(reason), properties(...given));
