import { randomUUID } from 'node:crypto';
import { addressKey } from '../policy/limits.ts';
import { errors, PetrelError, toPetrelError } from '../schemas/errors.ts';
import { anonymousUid, type Identity } from '../schemas/identity.ts';
import { inboundTopic } from '../schemas/topics.ts';
import type { StoredSession, StoredSubscription } from '../store/sessions.ts';
import type { Accepted, Connection } from './connection.ts';
import { OutboundAliases } from './custom/aliases.ts';
import type { ConnectPacket } from './gate/connect.ts';
import { ProtocolFault, reasons } from './gate/fault.ts';
import type { Properties } from './gate/properties.ts';
import { connack } from './gate/writer.ts';
import { storedForm } from './hub/hub.ts';
import { delayOf } from './inbound/will.ts';

/** The only authentication method: the token as Authentication Data. */
export const tokenMethod = 'jwt';

/** Deliveries that may wait for a client's acknowledgement, whatever more it would take. */
const maxWindow = 1000;
/** Bytes that may wait in a socket before its session reads on from the timeline. */
const maxBacklogBytes = 256 * 1024;
const maxClientIdBytes = 256;

/** The way of a CONNECT to its CONNACK; each step may refuse. */
export async function accept(connection: Connection, packet: ConnectPacket): Promise<void> {
  const { context } = connection;
  try {
    checkRate(connection);
    if (!context.isReady()) throw new PetrelError('connect.not-ready');
    const identity = await authenticate(connection, packet);
    const clientId = checkClientId(packet);
    checkWill(connection, packet, identity);
    if (connection.isClosed) return;
    const key = `${identity.uid}/${clientId}`;
    await takeOver(connection, key, () => open(connection, packet, identity, clientId, key));
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

/**
 * A session has one connection at a time: the older one goes, and what it leaves is stored before the session is taken
 * up. [MQTT-3.1.4-3]
 */
async function takeOver(connection: Connection, key: string, open: () => Promise<void>): Promise<void> {
  const { registry } = connection.context;
  for (let opened = false; !opened && !connection.isClosed; ) {
    registry.connectionOf(key)?.end(reasons.sessionTakenOver, 'Another connection took the session over.');
    opened = await registry.inTurn(key, async () => {
      // Of several that come at once, each ends the one before it.
      if (registry.connectionOf(key) !== undefined) return false;
      await open();
      return true;
    });
  }
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

function checkRate(connection: Connection): void {
  const retryAfterMs = connection.context.connectRates.take(addressKey(connection.address));
  if (retryAfterMs > 0) throw new PetrelError('connect.rate', undefined, { retryAfterMs });
}

async function authenticate(connection: Connection, packet: ConnectPacket): Promise<Identity> {
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

function checkClientId({ clientId, version, cleanStart }: ConnectPacket): string {
  if (clientId === '') {
    // [MQTT-3.1.3-8] of MQTT 3.1.1
    if (version < 5 && !cleanStart)
      throw new PetrelError('connect.client-id', 'A session that is kept needs a client id.');
    return `auto-${randomUUID()}`;
  }
  if (Buffer.byteLength(clientId) > maxClientIdBytes) {
    throw new PetrelError('connect.client-id', `The client id is longer than ${maxClientIdBytes} bytes.`);
  }
  return clientId;
}

function checkWill(connection: Connection, packet: ConnectPacket, identity: Identity): void {
  if (packet.will === undefined) return;
  const topic = inboundTopic(packet.will.topic);
  const allowed =
    (topic.kind === 'send' && identity.uid !== anonymousUid) ||
    (topic.kind === 'presence' && topic.uid === identity.uid) ||
    (topic.kind === 'custom' && connection.context.custom.mayPublish(identity, packet.will.topic));
  if (!allowed) throw new PetrelError('topic.forbidden', 'The will may not go to this topic.');
}

/** Seconds the session outlives its connection. MQTT 3 knows only "ends" and "stays". */
const expiryOf = (packet: ConnectPacket, max: number): number =>
  packet.version === 5
    ? Math.min(packet.properties.sessionExpiryInterval ?? 0, max)
    : packet.cleanStart
      ? 0
      : max;

/** Makes the session or takes it up, tells the client, and begins to deliver. Nothing else touches the session meanwhile. */
async function open(
  connection: Connection,
  packet: ConnectPacket,
  identity: Identity,
  clientId: string,
  key: string,
): Promise<void> {
  const { context } = connection;
  const { hub, sessions, custom, config } = context;
  const kept = await sessions.get(identity.uid, clientId);
  if (connection.isClosed) return;
  const resumed = kept !== undefined && !packet.cleanStart;
  if (resumed) {
    if (context.registry.cancelWill(key)) custom.dropWill(key);
  } else {
    context.registry.fireWill(key);
    await custom.forget(key);
  }
  const expirySeconds = expiryOf(packet, config.mqtt.sessionExpiryMax);
  const stored: StoredSession | undefined =
    expirySeconds === 0 && !resumed
      ? undefined
      : resumed
        ? kept
        : newSession(identity.uid, clientId, context.now(), expirySeconds);
  if (kept !== undefined && stored === undefined) await sessions.remove(identity.uid, clientId);
  const user = hub.claim(identity.uid);
  try {
    await user.loaded;
  } catch (error) {
    hub.release(user);
    throw error;
  }
  connection.version = packet.version;
  connection.problemInformation = packet.properties.requestProblemInformation !== 0;
  const session = hub.attach({
    clientId,
    did: identity.did ?? clientId,
    user,
    link: connection,
    window: Math.min(packet.properties.receiveMaximum ?? 65_535, maxWindow),
    maxBacklogBytes,
    ...(stored === undefined ? {} : { stored }),
    resumed,
  });
  try {
    for (const topic of stored?.silenced ?? []) session.wishes.set(topic, 'silent');
    // Clients without a token have custom topics only: no inbox, no notices. (contract section 1)
    if (identity.uid === anonymousUid) {
      session.wishes.set(`u/${identity.uid}`, 'silent');
      session.wishes.set(`n/${identity.uid}`, 'silent');
    }
    const received = resumed ? kept.received : undefined;
    const store = async (disconnectedAt?: number): Promise<void> => {
      if (stored === undefined) return;
      const subscriptions = resumed ? stored.subscriptions : [];
      const left = disconnectedAt === undefined ? undefined : received;
      await sessions.put(storedForm(session, subscriptions, expirySeconds, disconnectedAt, left));
    };
    // A session exists from its CONNACK: whatever crashes after it, the session is there.
    await store();
    if (connection.isClosed) {
      // The session is as without this connection, and expires.
      await store(context.now());
      throw new PetrelError('connect.not-ready', 'The connection ended.');
    }
    if (received !== undefined) connection.answers.restore(received);
  } catch (error) {
    hub.detach(session);
    throw error;
  }
  const aliasMaximum = packet.properties.topicAliasMaximum ?? 0;
  const accepted: Accepted = {
    identity,
    session,
    key,
    custom: {
      key,
      identity,
      link: connection,
      session,
      persistent: expirySeconds > 0,
      ...(aliasMaximum === 0 ? {} : { aliases: new OutboundAliases(aliasMaximum) }),
    },
    expirySeconds,
    ...(packet.will === undefined ? {} : { will: packet.will }),
    ...(packet.properties.authenticationMethod === undefined ? {} : { authenticationMethod: tokenMethod }),
  };
  if (packet.will !== undefined) {
    custom.keepWill(key, identity, packet.will, delayOf(packet.will, expirySeconds));
  }
  greet(connection, packet, accepted, resumed, clientId);
  if (resumed) await resume(connection, accepted, stored!);
  session.open();
}

const newSession = (
  uid: string,
  clientId: string,
  createdAt: number,
  expirySeconds: number,
): StoredSession => ({
  uid,
  clientId,
  createdAt,
  expirySeconds,
  positions: {},
  subscriptions: [],
  silenced: [],
});

function greet(
  connection: Connection,
  packet: ConnectPacket,
  accepted: Accepted,
  sessionPresent: boolean,
  clientId: string,
): void {
  const { context } = connection;
  const { mqtt } = context.config;
  const keepAlive =
    packet.keepAlive === 0 ? mqtt.maxKeepalive : Math.min(packet.keepAlive, mqtt.maxKeepalive);
  connection.keepAliveMs = keepAlive * 1500;
  connection.expiresAt = accepted.identity.expiresAt;
  context.registry.bind(accepted.key, connection);
  connection.opened(accepted);
  context.log.debug(
    { conn: connection.id, uid: accepted.identity.uid, clientId, address: connection.address },
    'Connected.',
  );
  if (packet.version < 5) {
    connection.send(connack(packet.version, packet.version === 4 && sessionPresent, 0));
    return;
  }
  const asked = packet.properties.sessionExpiryInterval ?? 0;
  const properties: Properties = {
    receiveMaximum: mqtt.receiveMaximum,
    maximumPacketSize: mqtt.maxPacketSize,
    topicAliasMaximum: mqtt.topicAliasMaximum,
    ...(accepted.expirySeconds === asked ? {} : { sessionExpiryInterval: accepted.expirySeconds }),
    ...(packet.clientId === '' ? { assignedClientIdentifier: clientId } : {}),
    ...(keepAlive === packet.keepAlive ? {} : { serverKeepAlive: keepAlive }),
    ...(packet.properties.requestResponseInformation === 1 ? { responseInformation: 'res/' } : {}),
    ...(accepted.authenticationMethod === undefined
      ? {}
      : { authenticationMethod: accepted.authenticationMethod }),
  };
  connection.send(connack(5, sessionPresent, 0, properties));
}

async function resume(connection: Connection, accepted: Accepted, stored: StoredSession): Promise<void> {
  const { context } = connection;
  const custom: StoredSubscription[] = [];
  const watches: StoredSubscription[] = [];
  for (const subscription of stored.subscriptions) {
    const { filter, qos, identifier } = subscription;
    if (/^[ung]\//.test(filter)) {
      const wish = { qos: qos === 0 ? 0 : 1, ...(identifier === undefined ? {} : { identifier }) } as const;
      accepted.session.wishes.set(filter, wish);
    } else if (filter.startsWith('presence/')) watches.push(subscription);
    else custom.push(subscription);
  }
  try {
    for (const watch of watches) {
      const uid = watch.filter.slice('presence/'.length);
      (await context.presence.watch(accepted.session, uid, watch))?.();
    }
    await Promise.all([context.hub.resume(accepted.session), context.custom.resume(accepted.custom, custom)]);
  } catch (error) {
    // The client has its CONNACK: it comes again, and nothing is lost.
    context.log.error({ err: error, conn: connection.id }, 'A session could not be resumed.');
    connection.end(reasons.serverUnavailable, 'The session cannot be resumed now.');
  }
}
