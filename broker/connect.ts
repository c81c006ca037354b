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
  takeSession,
} from './connect/session.ts';
import type { Connection } from './connection.ts';
import type { ConnectPacket } from './gate/connect.ts';
import { ProtocolFault, reasons } from './gate/fault.ts';
import { isNode, welcome } from './internal/welcome.ts';

/** From a good CONNECT to its session's first delivery; nothing else touches the stored session meanwhile. `false` ends it. */
const openingSteps: readonly ((opening: Opening) => unknown)[] = [
  claimUser,
  takeSession,
  findSession,
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
    if (isNode(connection, packet)) return await welcome(connection, packet);
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
      // Of several that come at once, each ends the one before it, and waits for what that leaves.
      if (registry.isTaken(key)) return false;
      await registry.opening(key, connection, () => open(opening));
      return true;
    });
  }
}

async function open(opening: Opening): Promise<void> {
  try {
    for (const step of openingSteps) if ((await step(opening)) === false) break;
  } finally {
    await giveUp(opening);
  }
}

/** Before the CONNACK: what was begun is undone. */
async function giveUp({ connection, key, user, session, isTaken, willKept }: Opening): Promise<void> {
  if (connection.accepted !== undefined) return;
  const { custom, hub, owners, unfinished } = connection.context;
  if (willKept) custom.dropWill(key);
  if (session !== undefined) hub.detach(session);
  else if (user !== undefined) hub.release(user);
  if (isTaken) await unfinished.run(key, async () => owners.release(key));
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
