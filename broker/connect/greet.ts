import { PetrelError } from '../../schemas/errors.ts';
import type { Properties } from '../gate/properties.ts';
import { connack } from '../gate/writer.ts';
import type { Opening } from './opening.ts';

/** The CONNACK: from here on the connection is open and the session is its own. */
export function greet(opening: Opening): void {
  const { connection, packet, clientId, identity } = opening;
  const { registry, log, config } = connection.context;
  // A newer connection on another node may have ended it at any moment.
  if (connection.isClosed) throw new PetrelError('connect.not-ready', 'The connection ended.');
  const accepted = opening.accepted!;
  const { maxKeepalive } = config.mqtt;
  const keepAlive = packet.keepAlive === 0 ? maxKeepalive : Math.min(packet.keepAlive, maxKeepalive);
  connection.keepAliveMs = keepAlive * 1500;
  connection.expiresAt = identity.expiresAt;
  registry.bind(accepted.key, connection);
  connection.opened(accepted);
  log.debug({ conn: connection.id, uid: identity.uid, clientId, address: connection.address }, 'Connected.');
  const sessionPresent = opening.resumed !== undefined;
  connection.send(
    packet.version < 5
      ? connack(packet.version, packet.version === 4 && sessionPresent, 0)
      : connack(5, sessionPresent, 0, propertiesOf(opening, keepAlive)),
  );
}

/** The server's limits, and what it decided differently from what was asked. */
function propertiesOf({ connection, packet, clientId, accepted }: Opening, keepAlive: number): Properties {
  const { mqtt } = connection.context.config;
  const { expirySeconds, authenticationMethod } = accepted!;
  const asked = packet.properties.sessionExpiryInterval ?? 0;
  return {
    receiveMaximum: mqtt.receiveMaximum,
    maximumPacketSize: mqtt.maxPacketSize,
    topicAliasMaximum: mqtt.topicAliasMaximum,
    ...(expirySeconds === asked ? {} : { sessionExpiryInterval: expirySeconds }),
    ...(packet.clientId === '' ? { assignedClientIdentifier: clientId } : {}),
    ...(keepAlive === packet.keepAlive ? {} : { serverKeepAlive: keepAlive }),
    ...(packet.properties.requestResponseInformation === 1 ? { responseInformation: 'res/' } : {}),
    ...(authenticationMethod === undefined ? {} : { authenticationMethod }),
  };
}
