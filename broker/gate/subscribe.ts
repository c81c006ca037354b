import type { StoredSubscription } from '../../store/sessions.ts';
import { malformed, protocolError } from './fault.ts';
import { type Properties, readProperties } from './properties.ts';
import type { Reader } from './reader.ts';

export interface SubscribePacket {
  readonly id: number;
  readonly subscriptions: readonly StoredSubscription[];
}

/** Reads a SUBSCRIBE. Throws ProtocolFault; whether a filter is valid is answered filter by filter in the SUBACK. */
export function readSubscribe(reader: Reader, version: number): SubscribePacket {
  const id = reader.packetId();
  const properties: Properties = (version === 5 ? readProperties(reader, 'subscribe') : undefined) ?? {};
  const identifier = properties.subscriptionIdentifiers?.[0];
  const subscriptions: StoredSubscription[] = [];
  while (reader.left > 0) {
    const filter = reader.string();
    subscriptions.push(readOptions(filter, reader.byte(), version, identifier));
  }
  // [MQTT-3.8.3-2]
  if (subscriptions.length === 0) throw protocolError('A SUBSCRIBE without filters.');
  return { id, subscriptions };
}

function readOptions(
  filter: string,
  options: number,
  version: number,
  identifier: number | undefined,
): StoredSubscription {
  const qos = options & 0x03;
  // [MQTT-3.8.3-5] and [MQTT-3.8.3-4] of MQTT 3.1.1
  if (qos === 3 || options & (version === 5 ? 0xc0 : 0xfc))
    throw malformed('Subscription options are not valid.');
  const handling = (options >> 4) & 0x03;
  if (handling === 3) throw protocolError('A retain handling of 3.');
  const noLocal = (options & 0x04) !== 0;
  // [MQTT-3.8.3-4]
  if (noLocal && filter.startsWith('$share/')) throw protocolError('No Local on a shared subscription.');
  return {
    filter,
    qos: qos as 0 | 1 | 2,
    noLocal,
    retainAsPublished: (options & 0x08) !== 0,
    retainHandling: handling as 0 | 1 | 2,
    ...(identifier === undefined ? {} : { identifier }),
  };
}

export interface UnsubscribePacket {
  readonly id: number;
  readonly filters: readonly string[];
}

/** Reads an UNSUBSCRIBE. Throws ProtocolFault. */
export function readUnsubscribe(reader: Reader, version: number): UnsubscribePacket {
  const id = reader.packetId();
  if (version === 5) readProperties(reader, 'unsubscribe');
  const filters: string[] = [];
  while (reader.left > 0) filters.push(reader.string());
  // [MQTT-3.10.3-2]
  if (filters.length === 0) throw protocolError('An UNSUBSCRIBE without filters.');
  return { id, filters };
}
