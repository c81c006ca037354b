import { protocolError } from './fault.ts';
import { type Properties, readProperties } from './properties.ts';
import type { Reader } from './reader.ts';

export interface AckPacket {
  readonly id: number;
  readonly reason: number;
}

/** Reason codes a client may put in its acknowledgements: PUBACK and PUBREC, PUBREL and PUBCOMP. (sections 3.4.2.1, 3.6.2.1) */
const publishReasons = new Set([0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]);
const releaseReasons = new Set([0x00, 0x92]);

/** Reads PUBACK, PUBREC, PUBREL or PUBCOMP. Throws ProtocolFault. */
export function readAck(reader: Reader, version: number, release: boolean): AckPacket {
  const id = reader.packetId();
  if (version < 5 || reader.left === 0) {
    reader.finish();
    return { id, reason: 0 };
  }
  const reason = reader.byte();
  if (!(release ? releaseReasons : publishReasons).has(reason))
    throw protocolError('An unknown reason code.');
  if (reader.left > 0) readProperties(reader, 'ack');
  reader.finish();
  return { id, reason };
}

export interface DisconnectPacket {
  readonly reason: number;
  readonly sessionExpiryInterval?: number;
}

const disconnectReasons = new Set([
  0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
]);

/** Reads a DISCONNECT. Throws ProtocolFault. */
export function readDisconnect(reader: Reader, version: number): DisconnectPacket {
  if (version < 5 || reader.left === 0) {
    reader.finish();
    return { reason: 0 };
  }
  const reason = reader.byte();
  if (!disconnectReasons.has(reason)) throw protocolError('An unknown reason code.');
  const properties = reader.left > 0 ? readProperties(reader, 'disconnect') : undefined;
  reader.finish();
  const interval = properties?.sessionExpiryInterval;
  return { reason, ...(interval === undefined ? {} : { sessionExpiryInterval: interval }) };
}

export interface AuthPacket {
  readonly reason: number;
  readonly properties: Properties;
}

/** Reads an AUTH. Throws ProtocolFault. */
export function readAuth(reader: Reader): AuthPacket {
  if (reader.left === 0) return { reason: 0, properties: {} };
  const reason = reader.byte();
  const properties = (reader.left > 0 ? readProperties(reader, 'auth') : undefined) ?? {};
  reader.finish();
  return { reason, properties };
}
