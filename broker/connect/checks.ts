import { randomUUID } from 'node:crypto';
import { addressKey } from '../../policy/limits.ts';
import { PetrelError } from '../../schemas/errors.ts';
import { anonymousUid, type Identity } from '../../schemas/identity.ts';
import { inboundTopic } from '../../schemas/topics.ts';
import type { Connection } from '../connection.ts';
import type { ConnectPacket } from '../gate/connect.ts';
import type { Opening } from './opening.ts';

/** The only authentication method: the token as Authentication Data. */
export const tokenMethod = 'jwt';

/** What the server names a client that gave no name of its own; such a client is a new device each time. */
export const assignedPrefix = 'auto-';

const maxClientIdBytes = 256;

export function checkRate({ address, context }: Connection): void {
  const retryAfterMs = context.connectRates.take(addressKey(address));
  if (retryAfterMs > 0) throw new PetrelError('connect.rate', undefined, { retryAfterMs });
}

export function checkReady({ context }: Connection): void {
  if (!context.isReady()) throw new PetrelError('connect.not-ready');
}

export async function authenticate(connection: Connection, packet: ConnectPacket): Promise<Identity> {
  const { authenticator, config } = connection.context;
  const { authenticationMethod, authenticationData } = packet.properties;
  if (authenticationMethod !== undefined && authenticationMethod !== tokenMethod) {
    throw new PetrelError('auth.bad-method');
  }
  const token = authenticationMethod === undefined ? packet.password : authenticationData;
  const userName = packet.userName ?? '';
  if (token === undefined || token.length === 0) {
    if (config.auth.anonymous && (userName === '' || userName === anonymousUid)) {
      return { uid: anonymousUid, scopes: new Set(), expiresAt: Number.POSITIVE_INFINITY };
    }
    throw new PetrelError('auth.bad-token');
  }
  const identity = await authenticator.verify(token.toString('utf8'));
  if (userName !== '' && userName !== identity.uid) {
    throw new PetrelError('auth.bad-token', 'The user name is not the uid of the token.');
  }
  return identity;
}

/** A ban or a sign-out that came before the session was in the hub ended no connection: it is seen here. */
export const checkStanding = ({ connection, identity }: Opening): Promise<void> =>
  connection.context.authenticator.recheck(identity);

/** The client's id, or one that is made for it. */
export function checkClientId({ clientId, version, cleanStart }: ConnectPacket): string {
  if (clientId === '') {
    // [MQTT-3.1.3-8] of MQTT 3.1.1
    if (version < 5 && !cleanStart)
      throw new PetrelError('connect.client-id', 'A session that is kept needs a client id.');
    return `${assignedPrefix}${randomUUID()}`;
  }
  if (Buffer.byteLength(clientId) > maxClientIdBytes) {
    throw new PetrelError('connect.client-id', `The client id is longer than ${maxClientIdBytes} bytes.`);
  }
  return clientId;
}

export function checkWill(connection: Connection, packet: ConnectPacket, identity: Identity): void {
  if (packet.will === undefined) return;
  const topic = inboundTopic(packet.will.topic);
  const allowed =
    (topic.kind === 'send' && identity.uid !== anonymousUid) ||
    (topic.kind === 'presence' && topic.uid === identity.uid) ||
    (topic.kind === 'custom' && connection.context.custom.mayPublish(identity, packet.will.topic));
  if (!allowed) throw new PetrelError('topic.forbidden', 'The will may not go to this topic.');
}
