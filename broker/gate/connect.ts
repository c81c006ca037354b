import { isTopicName } from '../../schemas/topics.ts';
import { malformed, ProtocolFault, protocolError, reasons } from './fault.ts';
import { checkResponseTopic, type Properties, readProperties } from './properties.ts';
import type { Reader } from './reader.ts';

export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly properties?: Properties;
}

export interface ConnectPacket {
  /** Protocol level: 3 (MQTT 3.1), 4 (3.1.1) or 5. */
  readonly version: 3 | 4 | 5;
  readonly cleanStart: boolean;
  /** Seconds; 0 turns it off. */
  readonly keepAlive: number;
  readonly clientId: string;
  readonly will?: Will;
  readonly userName?: string;
  readonly password?: Buffer;
  readonly properties: Properties;
}

/** What a CONNECT speaks, as soon as it can be told: refusals are written in `version`, even if it is not `offered`. */
export interface SpokenVersion {
  readonly version: 3 | 4 | 5;
  readonly offered: boolean;
}

/** Reads the protocol name and level of a CONNECT. Throws ProtocolFault. */
export function readVersion(reader: Reader): SpokenVersion {
  const name = reader.string();
  const level = reader.byte();
  if (name === 'MQTT' && (level === 4 || level === 5)) return { version: level, offered: true };
  if (name === 'MQIsdp' && level === 3) return { version: 3, offered: true };
  return { version: level >= 5 ? 5 : 4, offered: false };
}

/** Reads a CONNECT from behind its protocol level; `headerFlags` are the lower bits of its first byte. Throws ProtocolFault. */
export function readConnect(
  reader: Reader,
  { version, offered }: SpokenVersion,
  headerFlags = 0,
): ConnectPacket {
  // [MQTT-3.1.2-1] [MQTT-3.1.2-2]
  if (!offered) throw new ProtocolFault(reasons.unsupportedVersion, 'This protocol or level is not offered.');
  // [MQTT-2.1.3-1]
  if (headerFlags !== 0) throw malformed('The flags of CONNECT are not 0.');
  const flags = reader.byte();
  // [MQTT-3.1.2-3]
  if (flags & 0x01) throw malformed('The reserved flag of CONNECT is set.');
  const hasWill = (flags & 0x04) !== 0;
  const willQos = (flags >> 3) & 0x03;
  const willRetain = (flags & 0x20) !== 0;
  // [MQTT-3.1.2-11] [MQTT-3.1.2-12] [MQTT-3.1.2-13]
  if (willQos === 3 || (!hasWill && (willQos > 0 || willRetain)))
    throw malformed('The will flags are not valid.');
  const hasPassword = (flags & 0x40) !== 0;
  const hasUserName = (flags & 0x80) !== 0;
  // [MQTT-3.1.2-22] of MQTT 3.1.1: no password without a user name
  if (version < 5 && hasPassword && !hasUserName) throw malformed('A password needs a user name in MQTT 3.');
  const keepAlive = reader.uint16();
  const properties = (version === 5 ? readProperties(reader, 'connect') : undefined) ?? {};
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw protocolError('Authentication data without a method.');
  }
  const clientId = reader.string();
  const will = hasWill ? readWill(reader, version, willQos as 0 | 1 | 2, willRetain) : undefined;
  const userName = hasUserName ? reader.string() : undefined;
  const password = hasPassword ? reader.binary() : undefined;
  reader.finish();
  return {
    version,
    cleanStart: (flags & 0x02) !== 0,
    keepAlive,
    clientId,
    ...(will === undefined ? {} : { will }),
    ...(userName === undefined ? {} : { userName }),
    ...(password === undefined ? {} : { password }),
    properties,
  };
}

function readWill(reader: Reader, version: number, qos: 0 | 1 | 2, retain: boolean): Will {
  const properties = version === 5 ? readProperties(reader, 'will') : undefined;
  const topic = reader.string();
  const payload = Buffer.from(reader.binary());
  if (!isTopicName(topic))
    throw new ProtocolFault(reasons.topicNameInvalid, 'The will topic is not a topic name.');
  checkResponseTopic(properties);
  return { topic, payload, qos, retain, ...(properties === undefined ? {} : { properties }) };
}
