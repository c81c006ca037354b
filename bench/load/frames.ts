export type ProtocolVersion = 4 | 5;

export interface ConnectOptions {
  readonly version: ProtocolVersion;
  readonly clientId: string;
  /** Goes with an empty user name; without it the client is anonymous. */
  readonly password?: string | undefined;
  readonly cleanStart: boolean;
  readonly sessionExpirySeconds: number;
}

const keepaliveSeconds = 600;

/** A CONNECT packet. */
export function connectFrame(options: ConnectOptions): Buffer {
  const { version, password, cleanStart, sessionExpirySeconds } = options;
  const credentials = password === undefined ? 0 : 0xc0;
  const expiry = Buffer.alloc(6);
  expiry[0] = 5;
  expiry[1] = 0x11;
  expiry.writeUInt32BE(sessionExpirySeconds, 2);
  const properties = version === 4 ? [] : [sessionExpirySeconds > 0 ? expiry : Buffer.from([0])];
  const login = password === undefined ? [] : [field(''), field(password)];
  return frame(0x10, [
    field('MQTT'),
    Buffer.from([
      version,
      credentials | (cleanStart ? 2 : 0),
      keepaliveSeconds >> 8,
      keepaliveSeconds & 0xff,
    ]),
    ...properties,
    field(options.clientId),
    ...login,
  ]);
}

/** A SUBSCRIBE packet that asks for QoS 1 on every filter. */
export function subscribeFrame(version: ProtocolVersion, filters: readonly string[]): Buffer {
  const head = version === 4 ? [0, 1] : [0, 1, 0];
  const options = filters.flatMap((filter) => [field(filter), Buffer.from([1])]);
  return frame(0x82, [Buffer.from(head), ...options]);
}

export const disconnectFrame: Buffer = Buffer.from([0xe0, 0]);

/** A whole packet from its first byte and the parts of its body. */
export function frame(firstByte: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const header = [firstByte];
  let rest = body.length;
  do {
    header.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from(header), body]);
}

/** A string as MQTT writes it: two bytes of length, then UTF-8. */
export function field(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}
