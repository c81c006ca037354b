import { setImmediate as nextTurn } from 'node:timers/promises';
import { errors, toPetrelError } from '../../schemas/errors.ts';
import { anonymousUid } from '../../schemas/identity.ts';
import { filterTopic, isFilter, topicLevels } from '../../schemas/topics.ts';
import type { StoredSubscription } from '../../store/sessions.ts';
import type { Connection } from '../connection.ts';
import type { Granted } from '../custom/custom.ts';
import { reasons } from '../gate/fault.ts';
import type { SubscribePacket, UnsubscribePacket } from '../gate/subscribe.ts';
import { suback, unsuback } from '../gate/writer.ts';
import { storedForm } from '../hub/hub.ts';

/** A packet may hold tens of thousands of filters: after so many the other connections have their turn. */
const filtersATurn = 64;
const maxTurnMs = 5;

/** In MQTT 3 every refusal is 0x80. [MQTT-3.9.3-2] of 3.1.1 */
const codeFor = (version: number, code: number): number => (version < 5 && code >= 0x80 ? 0x80 : code);

/** Answers each filter of the packet by itself; what is granted is stored before the SUBACK. */
export async function subscribe(connection: Connection, packet: SubscribePacket): Promise<void> {
  const granted: Granted[] = [];
  const held = heldBy(connection);
  for (const subscription of packet.subscriptions) {
    granted.push(await subscribeOne(connection, subscription, held));
    if (granted.length % filtersATurn === 0) await nextTurn();
    if (connection.isClosed) return;
  }
  if (!(await saved(connection))) {
    connection.end(reasons.implementationError, 'The session could not be stored.');
    return;
  }
  const { version } = connection;
  connection.send(
    suback(
      version,
      packet.id,
      granted.map(({ code }) => codeFor(version, code)),
    ),
  );
  let turnMs = performance.now();
  for (const { sendRetained } of granted) {
    sendRetained?.();
    // A wildcard looks at every retained message: the others are served between two of them.
    if (performance.now() - turnMs > maxTurnMs) {
      await nextTurn();
      turnMs = performance.now();
    }
    if (connection.isClosed) return;
  }
}

/** The filters of a session's subscriptions to custom topics and to presence. */
const heldBy = ({ context, accepted }: Connection): Set<string> => {
  const { custom, presence } = context;
  const held = [...custom.subscriptionsOf(accepted!.key), ...presence.subscriptionsOf(accepted!.session)];
  return new Set(held.map(({ filter }) => filter));
};

async function subscribeOne(
  connection: Connection,
  subscription: StoredSubscription,
  held: Set<string>,
): Promise<Granted> {
  const { context, accepted } = connection;
  const { maxTopicLevels, maxSubscriptions } = context.config.mqtt;
  const { filter } = subscription;
  if (!isFilter(filter) || topicLevels(filter) > maxTopicLevels) return { code: reasons.topicFilterInvalid };
  const topic = filterTopic(filter);
  const { identity, session, custom } = accepted!;
  const anonymous = identity.uid === anonymousUid;
  if (anonymous && topic.kind !== 'custom') return { code: reasons.notAuthorized };
  switch (topic.kind) {
    case 'inbox':
    case 'notices':
      return topic.uid === identity.uid ? wish(connection, subscription) : { code: reasons.notAuthorized };
    case 'group':
      return session.user.groups.has(topic.gid)
        ? wish(connection, subscription)
        : { code: reasons.notAuthorized };
    case 'answers':
      return { code: subscription.qos };
    case 'system':
      if (!identity.scopes.has('admin')) return { code: reasons.notAuthorized };
      break;
    case 'refused':
      return { code: reasons.notAuthorized };
    case 'presence':
    case 'custom':
      break;
  }
  if (held.size >= maxSubscriptions && !held.has(filter)) return { code: reasons.quotaExceeded };
  try {
    const granted =
      topic.kind === 'presence'
        ? await watch(connection, topic.uid, subscription)
        : await context.custom.subscribe(custom, subscription);
    if (granted.code < 0x80) held.add(filter);
    // Who shows no token does not learn which topics others may use: 0x80 does not reveal the reason (section 3.9.3).
    return anonymous && granted.code === reasons.notAuthorized ? { code: reasons.unspecified } : granted;
  } catch (error) {
    return { code: errors[toPetrelError(error).code].reason };
  }
}

async function watch(
  connection: Connection,
  uid: string,
  subscription: StoredSubscription,
): Promise<Granted> {
  const { context, accepted } = connection;
  const sendRetained = await context.presence.watch(accepted!.session, uid, subscription);
  if (sendRetained === undefined) return { code: reasons.notAuthorized };
  return { code: subscription.qos === 0 ? 0 : 1, sendRetained };
}

/** A session receives its own topics anyway, at QoS 1: a subscription only says how. */
function wish(connection: Connection, subscription: StoredSubscription): Granted {
  const { session } = connection.accepted!;
  const { filter, identifier } = subscription;
  const qos = subscription.qos === 0 ? 0 : 1;
  const plain = qos === 1 && identifier === undefined;
  session.wishes.set(
    filter,
    plain ? undefined : { qos, ...(identifier === undefined ? {} : { identifier }) },
  );
  return { code: qos };
}

export async function unsubscribe(connection: Connection, packet: UnsubscribePacket): Promise<void> {
  const codes: number[] = [];
  for (const filter of packet.filters) {
    codes.push(await unsubscribeOne(connection, filter));
    if (codes.length % filtersATurn === 0) await nextTurn();
    if (connection.isClosed) return;
  }
  if (!(await saved(connection))) {
    connection.end(reasons.implementationError, 'The session could not be stored.');
    return;
  }
  connection.send(unsuback(connection.version, packet.id, codes));
}

async function unsubscribeOne(connection: Connection, filter: string): Promise<number> {
  const { context, accepted } = connection;
  if (!isFilter(filter)) return reasons.topicFilterInvalid;
  const topic = filterTopic(filter);
  const { identity, session, custom } = accepted!;
  switch (topic.kind) {
    case 'inbox':
    case 'notices':
      if (topic.uid !== identity.uid) return reasons.noSubscriptionExisted;
      session.wishes.set(filter, 'silent');
      return reasons.success;
    case 'group':
      if (!session.user.groups.has(topic.gid)) return reasons.noSubscriptionExisted;
      session.wishes.set(filter, 'silent');
      return reasons.success;
    case 'answers':
      return reasons.success;
    case 'presence':
      return context.presence.unwatch(session, topic.uid) ? reasons.success : reasons.noSubscriptionExisted;
    case 'refused':
      return reasons.noSubscriptionExisted;
    default:
      return context.custom.unsubscribe(custom, filter);
  }
}

/** Stores a persistent session's subscriptions; false where the store cannot do it now. */
async function saved(connection: Connection): Promise<boolean> {
  const { context, accepted } = connection;
  if (accepted === undefined || accepted.expirySeconds === 0 || connection.isClosed) return true;
  try {
    await context.registry.inTurn(accepted.key, async () => {
      if (connection.isClosed) return;
      const held = [
        ...context.presence.subscriptionsOf(accepted.session),
        ...context.custom.subscriptionsOf(accepted.key),
      ];
      await context.sessions.put(storedForm(accepted.session, held, accepted.expirySeconds));
    });
    return true;
  } catch (error) {
    context.log.error({ err: error, conn: connection.id }, 'A session was not stored.');
    return false;
  }
}
