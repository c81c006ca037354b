import { errors, type PetrelError, toPetrelError } from '../schemas/errors.ts';
import type { Identity } from '../schemas/identity.ts';
import {
  authenticate,
  checkClientId,
  checkRate,
  checkReady,
  checkStanding,
  checkWill,
} from './connect/checks.ts';
import { greet } from './connect/greet.ts';
import type { Opening } from './connect/opening.ts';
import { resume } from './connect/resume.ts';
import {
  announce,
  attach,
  claimUser,
  deliver,
  expiryOf,
  findSession,
  keepWill,
  prepare,
  storeSession,
} from './connect/session.ts';
import type { Connection } from './connection.ts';
import type { ConnectPacket } from './gate/connect.ts';
import { ProtocolFault, reasons } from './gate/fault.ts';

/** From a good CONNECT to its session's first delivery; nothing else touches the stored session meanwhile. `false` ends it. */
const openingSteps: readonly ((opening: Opening) => unknown)[] = [
  findSession,
  claimUser,
  attach,
  checkStanding,
  keepWill,
  storeSession,
  prepare,
  greet,
  announce,
  resume,
  deliver,
];

/** The way of a CONNECT to its CONNACK; each step may refuse. */
export async function accept(connection: Connection, packet: ConnectPacket): Promise<void> {
  const { context } = connection;
  try {
    checkRate(connection);
    checkReady(connection);
    const identity = await authenticate(connection, packet);
    const clientId = checkClientId(packet);
    checkWill(connection, packet, identity);
    if (connection.isClosed) return;
    const opening = openingOf(connection, packet, identity, clientId);
    await takeOver(opening);
    context.metrics.connects.add(1, 'ok');
  } catch (error) {
    if (error instanceof ProtocolFault) throw error;
    const known = toPetrelError(error);
    if (known.code === 'server.error')
      context.log.error({ err: error, conn: connection.id }, 'A CONNECT failed.');
    context.metrics.connects.add(1, known.code);
    connection.refuse(refusalOf(known, packet.version), `${known.code}: ${known.message}`);
  }
}

const openingOf = (
  connection: Connection,
  packet: ConnectPacket,
  identity: Identity,
  clientId: string,
): Opening => ({
  connection,
  packet,
  identity,
  clientId,
  key: `${identity.uid}/${clientId}`,
  expirySeconds: expiryOf(packet, connection.context.config.mqtt.sessionExpiryMax),
});

/**
 * A session has one connection at a time: the older one goes, and what it leaves is stored before the session is taken
 * up. [MQTT-3.1.4-3]
 */
async function takeOver(opening: Opening): Promise<void> {
  const { connection, key } = opening;
  const { registry } = connection.context;
  for (let opened = false; !opened && !connection.isClosed; ) {
    registry.connectionOf(key)?.end(reasons.sessionTakenOver, 'Another connection took the session over.');
    opened = await registry.inTurn(key, async () => {
      // Of several that come at once, each ends the one before it.
      if (registry.connectionOf(key) !== undefined) return false;
      await open(opening);
      return true;
    });
  }
}

async function open(opening: Opening): Promise<void> {
  try {
    for (const step of openingSteps) if ((await step(opening)) === false) break;
  } finally {
    giveUp(opening);
  }
}

/** Before the CONNACK: what was begun is undone. */
function giveUp({ connection, key, user, session, willKept }: Opening): void {
  if (connection.accepted !== undefined) return;
  if (willKept) connection.context.custom.dropWill(key);
  if (session !== undefined) connection.context.hub.detach(session);
  else if (user !== undefined) connection.context.hub.release(user);
}

/** An expired token is a bad one at CONNECT, and a store that is away makes the server not ready. (contract section 2) */
function refusalOf(error: PetrelError, version: number): number {
  switch (error.code) {
    case 'auth.expired':
      return reasons.badUserNameOrPassword;
    case 'store.unavailable':
    case 'server.error':
      return reasons.serverUnavailable;
    case 'connect.rate':
      return version === 5 ? reasons.connectionRateExceeded : reasons.serverUnavailable;
    default:
      return errors[error.code].reason;
  }
}
