import { errors, toPetrelError } from '../../schemas/errors.ts';
import type { Connection } from '../connection.ts';
import type { AuthPacket } from '../gate/acks.ts';
import { protocolError, reasons } from '../gate/fault.ts';
import { auth } from '../gate/writer.ts';

/** AUTH on a live connection: a fresh token of the same user prolongs it. [MQTT-4.12.1-1] */
export async function reauthenticate(connection: Connection, packet: AuthPacket): Promise<void> {
  const { identity, authenticationMethod } = connection.accepted!;
  const { authenticationMethod: method, authenticationData: data } = packet.properties;
  if (packet.reason !== reasons.reAuthenticate || authenticationMethod === undefined) {
    throw protocolError('AUTH is not expected here.');
  }
  // [MQTT-4.12.1-1]
  if (method !== authenticationMethod) throw protocolError('The authentication method differs from CONNECT.');
  try {
    const renewed = await connection.context.authenticator.verify(data?.toString('utf8') ?? '');
    if (renewed.uid !== identity.uid) {
      connection.end(reasons.notAuthorized, 'The token is of another user.');
      return;
    }
    connection.renew(renewed);
    connection.send(auth(reasons.success, { authenticationMethod: method }));
  } catch (error) {
    // [MQTT-4.12.1-2]
    const { code, message } = toPetrelError(error);
    const { reason } = errors[code];
    // "Bad user name or password" has no place in a DISCONNECT (section 3.14.2.1).
    const allowed = reason === reasons.badUserNameOrPassword ? reasons.notAuthorized : reason;
    connection.end(allowed, `${code}: ${message}`);
  }
}
