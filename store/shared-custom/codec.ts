import type { CustomRecord } from '../custom.ts';

type Head = [topic: string, qos: 0 | 1 | 2, retain: 0 | 1, from: string, at: number, properties?: string];

/** A message as it travels between nodes and waits in queues: the head's length, its head as JSON, the payload. */
export function encodeRecord({ topic, payload, qos, retain, from, at, properties }: CustomRecord): Buffer {
  const head: Head = [topic, qos, retain ? 1 : 0, from, at];
  if (properties !== undefined) head.push(properties);
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, payload]);
}

/** The payload is a part of the given bytes. */
export function decodeRecord(bytes: Buffer): CustomRecord {
  const end = 4 + bytes.readUInt32BE(0);
  const [topic, qos, retain, from, at, properties] = JSON.parse(bytes.toString('utf8', 4, end)) as Head;
  return {
    ...{ topic, payload: bytes.subarray(end), qos, retain: retain === 1, from, at },
    ...(properties !== undefined && { properties }),
  };
}

/** How a session gets a message. */
interface Copy {
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly identifiers: readonly number[] | undefined;
}

/** How a session gets a message, and by which shared subscription, as the shared store keeps it: JSON of four. */
export const encodeCopy = ({ qos, retain, identifiers }: Copy, share: string | undefined): string =>
  JSON.stringify([qos, retain ? 1 : 0, share ?? 0, identifiers ?? 0]);

export function decodeCopy(text: string): { readonly copy: Copy; readonly share: string | undefined } {
  const [qos, retain, share, identifiers] = JSON.parse(text) as [0 | 1 | 2, 0 | 1, string | 0, number[] | 0];
  return {
    copy: { qos, retain: retain === 1, identifiers: identifiers === 0 ? undefined : identifiers },
    share: share === 0 ? undefined : share,
  };
}

/** The properties that count here, in the text form of a record's. */
interface Properties {
  readonly correlationData?: string;
  readonly userProperties?: readonly (readonly [string, string])[];
  readonly messageExpiryInterval?: number;
}

/** What a message weighs in queues, and when it expires (ms; 0: never), as the broker says of one that is published. */
export function measured({ topic, payload, at, properties }: CustomRecord): {
  readonly weight: number;
  readonly expiresAt: number;
} {
  const {
    correlationData,
    userProperties = [],
    messageExpiryInterval: expiry,
  } = properties === undefined ? {} : (JSON.parse(properties) as Properties);
  let weight = Buffer.byteLength(topic) + payload.length;
  if (correlationData !== undefined) weight += Buffer.byteLength(correlationData, 'base64');
  for (const [name, value] of userProperties) weight += name.length + value.length;
  return { weight, expiresAt: expiry === undefined ? 0 : at + expiry * 1000 };
}
