import type { Connection } from '../connection.ts';
import { readAck, readAuth, readDisconnect } from '../gate/acks.ts';
import { malformed, protocolError, reasons } from '../gate/fault.ts';
import type { Reader } from '../gate/reader.ts';
import { readSubscribe, readUnsubscribe } from '../gate/subscribe.ts';
import { ack, packetTypes, pingresp } from '../gate/writer.ts';
import { firstHubId } from '../hub/inflight.ts';
import { reauthenticate } from './auth.ts';
import { subscribe, unsubscribe } from './subscribe.ts';

/** Packet types whose flags are 2; those of all others here are 0. [MQTT-2.1.3-1] */
const flagged: ReadonlySet<number> = new Set([
  packetTypes.pubrel,
  packetTypes.subscribe,
  packetTypes.unsubscribe,
]);

/** Every packet of an open connection but PUBLISH. Answers a promise where what follows has to wait. */
export function onPacket(
  connection: Connection,
  type: number,
  flags: number,
  reader: Reader,
): Promise<void> | undefined {
  const { version } = connection;
  if (flags !== (flagged.has(type) ? 2 : 0)) throw malformed('The flags of the packet are not valid.');
  switch (type) {
    case packetTypes.puback:
      return onDeliveryAck(connection, 'puback', reader);
    case packetTypes.pubrec:
      return onDeliveryAck(connection, 'pubrec', reader);
    case packetTypes.pubcomp:
      return onDeliveryAck(connection, 'pubcomp', reader);
    case packetTypes.pubrel:
      return onRelease(connection, reader);
    case packetTypes.subscribe:
      return subscribe(connection, readSubscribe(reader, version));
    case packetTypes.unsubscribe:
      return unsubscribe(connection, readUnsubscribe(reader, version));
    case packetTypes.pingreq:
      reader.finish();
      connection.send(pingresp);
      return undefined;
    case packetTypes.disconnect:
      return onDisconnect(connection, reader);
    case packetTypes.auth:
      if (version !== 5) throw protocolError('AUTH is a packet of MQTT 5.');
      return reauthenticate(connection, readAuth(reader));
    default:
      // A second CONNECT, or a packet only a server sends. [MQTT-3.1.0-2]
      throw protocolError('A packet that may not come here.');
  }
}

function onDeliveryAck(
  connection: Connection,
  type: 'puback' | 'pubrec' | 'pubcomp',
  reader: Reader,
): undefined {
  const { id, reason } = readAck(reader, connection.version, type === 'pubcomp');
  const { session, custom } = connection.accepted!;
  if (id >= firstHubId) {
    // Hub deliveries are QoS 1: whatever the reason, the client has decided.
    if (type === 'puback') session.acknowledge(id);
    // There is no QoS 2 among them: Packet Identifier not found (section 3.6.2.1).
    else if (type === 'pubrec' && reason < 0x80)
      connection.send(ack(connection.version, packetTypes.pubrel, id, reasons.packetIdNotFound));
    connection.context.custom.roomy(custom);
    return undefined;
  }
  const release = connection.context.custom.acknowledge(custom, type, id, reason);
  if (release !== undefined) connection.send(release);
  session.pump();
  return undefined;
}

function onRelease(connection: Connection, reader: Reader): undefined {
  const { id } = readAck(reader, connection.version, true);
  const known = connection.answers.releaseQos2(id);
  connection.send(ack(connection.version, packetTypes.pubcomp, id, known ? 0 : reasons.packetIdNotFound));
  return undefined;
}

function onDisconnect(connection: Connection, reader: Reader): undefined {
  const { reason, sessionExpiryInterval } = readDisconnect(reader, connection.version);
  const accepted = connection.accepted!;
  if (sessionExpiryInterval !== undefined) {
    // [MQTT-3.1.2-23]: a session that was to end with its connection cannot be prolonged at its end
    if (accepted.expirySeconds === 0 && sessionExpiryInterval > 0) {
      throw protocolError('The session expiry was 0 in CONNECT.');
    }
    const max = connection.context.config.mqtt.sessionExpiryMax;
    accepted.expirySeconds = Math.min(sessionExpiryInterval, max);
  }
  connection.leave(reason === 0x04);
  return undefined;
}
