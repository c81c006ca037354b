import { PetrelError } from '../../schemas/errors.ts';
import { anonymousUid } from '../../schemas/identity.ts';
import { infoOf } from '../connections.ts';
import { OutboundAliases } from '../custom/aliases.ts';
import type { ConnectPacket } from '../gate/connect.ts';
import { storedForm } from '../hub/hub.ts';
import { delayOf, settleWill } from '../inbound/will.ts';
import { tokenMethod } from './checks.ts';
import type { Opening } from './opening.ts';

/** Deliveries that may wait for a client's acknowledgement, whatever more it would take. */
export const maxWindow = 1000;
/** Bytes that may wait in a socket before its session reads on from the timeline. */
const maxBacklogBytes = 256 * 1024;

/** Seconds the session outlives its connection. MQTT 3 knows only "ends" and "stays". */
export const expiryOf = (packet: ConnectPacket, max: number): number =>
  packet.version === 5
    ? Math.min(packet.properties.sessionExpiryInterval ?? 0, max)
    : packet.cleanStart
      ? 0
      : max;

/** From here on the session is this node's. What another one has is waited for; this node hears of newer ones already. */
export async function takeSession(opening: Opening): Promise<boolean> {
  const { connection, key } = opening;
  const { owners, unfinished } = connection.context;
  await unfinished.finish(key);
  opening.isTaken = true;
  const number = await owners.take(key);
  if (number === undefined)
    throw new PetrelError('connect.not-ready', 'Another connection took the session over.');
  return !connection.isClosed;
}

/** Takes the stored session up, or ends it and begins anew. [MQTT-3.1.2-4] */
export async function findSession(opening: Opening): Promise<boolean> {
  const { connection, packet, identity, clientId, key, expirySeconds } = opening;
  const { sessions, custom, now } = connection.context;
  const kept = await sessions.get(identity.uid, clientId);
  if (connection.isClosed) return false;
  if (kept !== undefined && !packet.cleanStart) {
    await settleWill(connection.context, key, true);
    if (connection.isClosed) return false;
    opening.resumed = kept;
    opening.stored = kept;
    return true;
  }
  await settleWill(connection.context, key, false);
  await custom.forget(key);
  if (expirySeconds > 0) {
    opening.stored = {
      uid: identity.uid,
      clientId,
      createdAt: now(),
      expirySeconds,
      positions: {},
      subscriptions: [],
      silenced: [],
    };
  } else if (kept !== undefined) await sessions.remove(identity.uid, clientId);
  return true;
}

/** From here on the user's node in the hub is held, and its groups are known. */
export async function claimUser(opening: Opening): Promise<void> {
  const { hub } = opening.connection.context;
  opening.user = hub.claim(opening.identity.uid);
  await opening.user.loaded;
}

/** Puts the session into the hub: it hears what happens from now on, and says nothing before its CONNACK. */
export function attach(opening: Opening): void {
  const { connection, packet, identity, clientId, stored, resumed } = opening;
  connection.version = packet.version;
  connection.problemInformation = packet.properties.requestProblemInformation !== 0;
  const session = connection.context.hub.attach({
    clientId,
    did: identity.did ?? clientId,
    ...(identity.platform !== undefined && { platform: identity.platform }),
    user: opening.user!,
    link: connection,
    window: Math.min(packet.properties.receiveMaximum ?? 65_535, maxWindow),
    maxBacklogBytes,
    ...(stored === undefined ? {} : { stored }),
    resumed: resumed !== undefined,
  });
  opening.session = session;
  for (const topic of stored?.silenced ?? []) session.wishes.set(topic, 'silent');
  // Clients without a token have custom topics only: no inbox, no notices. (contract section 1)
  if (identity.uid === anonymousUid) {
    session.wishes.set(`u/${identity.uid}`, 'silent');
    session.wishes.set(`n/${identity.uid}`, 'silent');
  }
}

/** From its CONNACK on a will is sent, should the server die. */
export async function keepWill(opening: Opening): Promise<void> {
  const { connection, packet, identity, key, expirySeconds } = opening;
  const { will } = packet;
  if (will === undefined) return;
  opening.willKept = true;
  await connection.context.custom.keepWill(key, identity, will, delayOf(will, expirySeconds));
  if (connection.isClosed) throw new PetrelError('connect.not-ready', 'The connection ended.');
}

/** A session exists from its CONNACK: whatever crashes after it, the session is there. */
export async function storeSession(opening: Opening): Promise<void> {
  const { connection, session, stored, resumed, expirySeconds } = opening;
  const { sessions, now } = connection.context;
  const received = resumed?.received;
  const store = async (disconnectedAt?: number): Promise<void> => {
    if (stored === undefined) return;
    const left = disconnectedAt === undefined ? undefined : received;
    const subscriptions = resumed?.subscriptions ?? [];
    await sessions.put(storedForm(session!, subscriptions, expirySeconds, disconnectedAt, left));
  };
  await store();
  if (connection.isClosed) {
    // The session is as without this connection, and expires.
    await store(now());
    throw new PetrelError('connect.not-ready', 'The connection ended.');
  }
  if (received !== undefined) connection.answers.restore(received);
}

/** What the connection knows of its session. */
export function prepare(opening: Opening): void {
  const { packet, identity, key, expirySeconds } = opening;
  const { will } = packet;
  const session = opening.session!;
  const aliasMaximum = packet.properties.topicAliasMaximum ?? 0;
  opening.accepted = {
    identity,
    session,
    key,
    custom: {
      key,
      identity,
      link: opening.connection,
      session,
      persistent: expirySeconds > 0,
      ...(aliasMaximum === 0 ? {} : { aliases: new OutboundAliases(aliasMaximum) }),
    },
    expirySeconds,
    ...(will === undefined ? {} : { will }),
    ...(packet.properties.authenticationMethod === undefined ? {} : { authenticationMethod: tokenMethod }),
  };
}

/** The device is recorded, and older connections that it excludes go. */
export function announce({ connection, session }: Opening): void {
  const { sightings, claims, online } = connection.context;
  online?.put(infoOf(connection));
  sightings.came(session!);
  claims.claim(session!);
}

export function deliver({ session }: Opening): void {
  session!.open();
}
