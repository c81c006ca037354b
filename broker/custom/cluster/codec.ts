import { decodeRecord, encodeRecord } from '../../../store/shared-custom/codec.ts';
import type { Envelope } from '../aedes.ts';
import { restored } from '../journal.ts';
import { encodeText } from '../properties.ts';

export { decodeCopy, encodeCopy } from '../../../store/shared-custom/codec.ts';

/** A message as it travels between nodes and waits in queues. */
export interface Body {
  readonly topic: string;
  readonly payload: Buffer;
  readonly envelope: Envelope;
}

export function encodeBody({ topic, payload, envelope }: Body): Buffer {
  const { qos, retain, from, at, properties } = envelope;
  const record = { topic, payload, qos, retain, from, at };
  return encodeRecord(properties === undefined ? record : { ...record, properties: encodeText(properties) });
}

/** The payload is a part of the given bytes. */
export const decodeBody = (bytes: Buffer): Body => restored(decodeRecord(bytes));
