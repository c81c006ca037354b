import { isTopicName } from '../../schemas/topics.ts';
import { malformed, ProtocolFault, protocolError, reasons } from './fault.ts';
import { checkResponseTopic, type Properties, readProperties } from './properties.ts';
import type { Reader } from './reader.ts';

export interface PublishPacket {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly dup: boolean;
  /** 0 for QoS 0. */
  readonly id: number;
  readonly properties?: Properties;
  readonly payload: Buffer;
}

/** The aliases a client has set on its connection. [MQTT-3.3.2-7] */
export interface TopicAliases {
  readonly maximum: number;
  readonly topics: Map<number, string>;
}

/** Reads a PUBLISH; `flags` are the lower bits of its first byte. Throws ProtocolFault. */
export function readPublish(
  reader: Reader,
  flags: number,
  version: number,
  aliases: TopicAliases,
): PublishPacket {
  const qos = (flags >> 1) & 0x03;
  const dup = (flags & 0x08) !== 0;
  // [MQTT-3.3.1-4] [MQTT-3.3.1-2]
  if (qos === 3) throw malformed('A QoS of 3.');
  if (dup && qos === 0) throw malformed('DUP is set at QoS 0.');
  const name = reader.string();
  const id = qos > 0 ? reader.packetId() : 0;
  const properties = version === 5 ? readProperties(reader, 'publish') : undefined;
  const topic = resolveAlias(name, properties, version, aliases);
  // [MQTT-3.3.2-2]
  if (!isTopicName(topic))
    throw new ProtocolFault(reasons.topicNameInvalid, 'The topic is not a topic name.');
  if (properties !== undefined) checkResponseTopic(properties);
  return {
    topic,
    qos: qos as 0 | 1 | 2,
    retain: (flags & 0x01) !== 0,
    dup,
    id,
    ...(properties === undefined ? {} : { properties }),
    payload: reader.rest(),
  };
}

function resolveAlias(
  name: string,
  properties: Properties | undefined,
  version: number,
  aliases: TopicAliases,
): string {
  const alias = properties?.topicAlias;
  if (alias === undefined) {
    if (name === '' && version === 5) throw protocolError('A PUBLISH without topic and alias.');
    return name;
  }
  // The alias is the connection's own: it goes no further. [MQTT-3.3.2-7]
  delete properties!.topicAlias;
  // [MQTT-3.3.2-8] [MQTT-3.3.2-9]
  if (alias === 0 || alias > aliases.maximum) {
    throw new ProtocolFault(reasons.topicAliasInvalid, 'The topic alias is out of range.');
  }
  if (name !== '') {
    if (isTopicName(name)) aliases.topics.set(alias, name);
    return name;
  }
  const topic = aliases.topics.get(alias);
  if (topic === undefined) throw protocolError('The topic alias was not set.');
  return topic;
}
