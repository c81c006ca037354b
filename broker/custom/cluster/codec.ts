import type { Envelope } from '../aedes.ts';
import type { Copy, QoS } from '../message.ts';
import { decodeText, encodeText } from '../properties.ts';

/** A message as it travels between nodes and waits in queues: the head's length, its head as JSON, the payload. */
export interface Body {
  readonly topic: string;
  readonly payload: Buffer;
  readonly envelope: Envelope;
}

type Head = [topic: string, qos: QoS, retain: 0 | 1, from: string, at: number, properties?: string];

export function encodeBody({ topic, payload, envelope }: Body): Buffer {
  const { qos, retain, from, at, properties } = envelope;
  const head: Head = [topic, qos, retain ? 1 : 0, from, at];
  if (properties !== undefined) head.push(encodeText(properties));
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, payload]);
}

/** The payload is a part of the given bytes. */
export function decodeBody(bytes: Buffer): Body {
  const end = 4 + bytes.readUInt32BE(0);
  const [topic, qos, retain, from, at, properties] = JSON.parse(bytes.toString('utf8', 4, end)) as Head;
  return {
    topic,
    payload: bytes.subarray(end),
    envelope: {
      ...{ qos, retain: retain === 1, from, at },
      ...(properties === undefined ? {} : { properties: decodeText(properties) }),
    },
  };
}

/** How a session gets a message, and by which shared subscription, as the shared store keeps it: JSON of four. */
export const encodeCopy = ({ qos, retain, identifiers }: Copy, share: string | undefined): string =>
  JSON.stringify([qos, retain ? 1 : 0, share ?? 0, identifiers ?? 0]);

export function decodeCopy(text: string): { readonly copy: Copy; readonly share: string | undefined } {
  const [qos, retain, share, identifiers] = JSON.parse(text) as [QoS, 0 | 1, string | 0, number[] | 0];
  return {
    copy: { qos, retain: retain === 1, identifiers: identifiers === 0 ? undefined : identifiers },
    share: share === 0 ? undefined : share,
  };
}
