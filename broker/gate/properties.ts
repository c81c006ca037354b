import { isTopicName } from '../../schemas/topics.ts';
import { malformed, protocolError } from './fault.ts';
import type { Reader } from './reader.ts';

/** MQTT 5 properties (section 2.2.2.2) as an object; only those present are set. */
export interface Properties {
  payloadFormatIndicator?: number;
  messageExpiryInterval?: number;
  contentType?: string;
  responseTopic?: string;
  correlationData?: Buffer;
  subscriptionIdentifiers?: number[];
  sessionExpiryInterval?: number;
  assignedClientIdentifier?: string;
  serverKeepAlive?: number;
  authenticationMethod?: string;
  authenticationData?: Buffer;
  requestProblemInformation?: number;
  willDelayInterval?: number;
  requestResponseInformation?: number;
  responseInformation?: string;
  serverReference?: string;
  reasonString?: string;
  receiveMaximum?: number;
  topicAliasMaximum?: number;
  topicAlias?: number;
  maximumQos?: number;
  retainAvailable?: number;
  userProperties?: [string, string][];
  maximumPacketSize?: number;
  wildcardSubscriptionAvailable?: number;
  subscriptionIdentifiersAvailable?: number;
  sharedSubscriptionAvailable?: number;
}

/** Where a property may stand in a packet that a client sends. */
export type PropertyPlace =
  | 'connect'
  | 'will'
  | 'publish'
  | 'ack'
  | 'subscribe'
  | 'unsubscribe'
  | 'disconnect'
  | 'auth';

type Encoding = 'byte' | 'uint16' | 'uint32' | 'varint' | 'string' | 'binary' | 'pair';

interface PropertyEntry {
  readonly id: number;
  readonly encoding: Encoding;
  readonly places: readonly PropertyPlace[];
  /** Values outside min..max are a protocol error. */
  readonly min?: number;
  readonly max?: number;
}

const all: readonly PropertyPlace[] = [
  'connect',
  'will',
  'publish',
  'ack',
  'subscribe',
  'unsubscribe',
  'disconnect',
  'auth',
];

/** Every property by its name, with its identifier and encoding. */
export const propertyTable: { readonly [Name in keyof Required<Properties>]: PropertyEntry } = {
  payloadFormatIndicator: { id: 0x01, encoding: 'byte', places: ['publish', 'will'], max: 1 },
  messageExpiryInterval: { id: 0x02, encoding: 'uint32', places: ['publish', 'will'] },
  contentType: { id: 0x03, encoding: 'string', places: ['publish', 'will'] },
  responseTopic: { id: 0x08, encoding: 'string', places: ['publish', 'will'] },
  correlationData: { id: 0x09, encoding: 'binary', places: ['publish', 'will'] },
  // A client may not send one in PUBLISH. [MQTT-3.3.4-6]
  subscriptionIdentifiers: { id: 0x0b, encoding: 'varint', places: ['subscribe'], min: 1 },
  sessionExpiryInterval: { id: 0x11, encoding: 'uint32', places: ['connect', 'disconnect'] },
  assignedClientIdentifier: { id: 0x12, encoding: 'string', places: [] },
  serverKeepAlive: { id: 0x13, encoding: 'uint16', places: [] },
  authenticationMethod: { id: 0x15, encoding: 'string', places: ['connect', 'auth'] },
  authenticationData: { id: 0x16, encoding: 'binary', places: ['connect', 'auth'] },
  requestProblemInformation: { id: 0x17, encoding: 'byte', places: ['connect'], max: 1 },
  willDelayInterval: { id: 0x18, encoding: 'uint32', places: ['will'] },
  requestResponseInformation: { id: 0x19, encoding: 'byte', places: ['connect'], max: 1 },
  responseInformation: { id: 0x1a, encoding: 'string', places: [] },
  serverReference: { id: 0x1c, encoding: 'string', places: [] },
  reasonString: { id: 0x1f, encoding: 'string', places: ['ack', 'disconnect', 'auth'] },
  receiveMaximum: { id: 0x21, encoding: 'uint16', places: ['connect'], min: 1 },
  topicAliasMaximum: { id: 0x22, encoding: 'uint16', places: ['connect'] },
  topicAlias: { id: 0x23, encoding: 'uint16', places: ['publish'] },
  maximumQos: { id: 0x24, encoding: 'byte', places: [] },
  retainAvailable: { id: 0x25, encoding: 'byte', places: [] },
  userProperties: { id: 0x26, encoding: 'pair', places: all },
  maximumPacketSize: { id: 0x27, encoding: 'uint32', places: ['connect'], min: 1 },
  wildcardSubscriptionAvailable: { id: 0x28, encoding: 'byte', places: [] },
  subscriptionIdentifiersAvailable: { id: 0x29, encoding: 'byte', places: [] },
  sharedSubscriptionAvailable: { id: 0x2a, encoding: 'byte', places: [] },
};

type Name = keyof Properties;
const names = new Map<number, Name>(
  Object.entries(propertyTable).map(([name, entry]) => [entry.id, name as Name]),
);

/** Reads the property block of a packet. Throws ProtocolFault for a property that is unknown, foreign, repeated or out of range. */
export function readProperties(reader: Reader, place: PropertyPlace): Properties | undefined {
  const length = reader.varint();
  if (length === 0) return undefined;
  const end = reader.at + length;
  if (end > reader.end) throw malformed('The properties reach beyond the end of the packet.');
  const properties: Properties = {};
  while (reader.at < end) readProperty(reader, place, properties);
  if (reader.at !== end) throw malformed('A property reaches beyond the property length.');
  return properties;
}

/** Throws ProtocolFault for a response topic with wildcards. [MQTT-3.3.2-14] */
export function checkResponseTopic(properties: Properties | undefined): void {
  const topic = properties?.responseTopic;
  if (topic !== undefined && !isTopicName(topic))
    throw protocolError('The response topic is not a topic name.');
}

function readProperty(reader: Reader, place: PropertyPlace, into: Properties): void {
  const id = reader.varint();
  const name = names.get(id);
  // An identifier that is not valid for its packet type makes the packet malformed (section 2.2.2.2).
  if (name === undefined) throw malformed(`There is no property ${id}.`);
  const entry = propertyTable[name];
  if (!entry.places.includes(place)) throw malformed(`Property ${name} has no place in this packet.`);
  if (name === 'userProperties') {
    into.userProperties ??= [];
    into.userProperties.push([reader.string(), reader.string()]);
    return;
  }
  if (into[name] !== undefined) throw protocolError(`Property ${name} is given twice.`);
  const value = readValue(reader, entry.encoding);
  if (
    typeof value === 'number' &&
    (value < (entry.min ?? 0) || value > (entry.max ?? Number.POSITIVE_INFINITY))
  ) {
    throw protocolError(`Property ${name} has the value ${value}.`);
  }
  (into as Record<string, unknown>)[name] = name === 'subscriptionIdentifiers' ? [value] : value;
}

function readValue(reader: Reader, encoding: Encoding): number | string | Buffer {
  switch (encoding) {
    case 'byte':
      return reader.byte();
    case 'uint16':
      return reader.uint16();
    case 'uint32':
      return reader.uint32();
    case 'varint':
      return reader.varint();
    case 'string':
      return reader.string();
    default:
      return reader.binary();
  }
}
