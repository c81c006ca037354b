import { parseOutgoing } from '../../schemas/messages.ts';
import { inboundTopic } from '../../schemas/topics.ts';
import type { Accepted, Connection } from '../connection.ts';
import type { Will } from '../gate/connect.ts';
import { storedForm } from '../hub/hub.ts';

/** What the end of a connection leaves: a session that lives on, a will that fires. */
export function endSession(
  connection: Connection,
  accepted: Accepted,
  withWill: boolean,
  received: readonly number[],
): void {
  const { context } = connection;
  const { registry, hub, custom, sessions, log } = context;
  const { key, session, expirySeconds, will } = accepted;
  hub.detach(session);
  custom.detach(accepted.custom);
  registry.unbind(key, connection);
  const left = registry.inTurn(key, async () => {
    // A connection that took the session over has read, or will read, what is stored here.
    if (expirySeconds === 0) {
      await custom.forget(key);
      if (session.stored !== undefined) await sessions.remove(session.user.uid, session.clientId);
      return;
    }
    const subscriptions = custom.subscriptionsOf(key);
    await sessions.put(storedForm(session, subscriptions, expirySeconds, context.now(), received));
  });
  left.catch((error: unknown) => log.error({ err: error, conn: connection.id }, 'A session was not stored.'));
  if (withWill && will !== undefined) schedule(connection, accepted, will);
}

function schedule(connection: Connection, accepted: Accepted, will: Will): void {
  const { registry, log } = connection.context;
  const fire = (): void => {
    fireWill(connection, accepted, will).catch((error: unknown) =>
      log.warn({ err: error, conn: connection.id }, 'A will was refused.'),
    );
  };
  // The will is sent no later than the end of the session. [MQTT-3.1.2-8]
  const delaySeconds = Math.min(will.properties?.willDelayInterval ?? 0, accepted.expirySeconds);
  if (delaySeconds === 0) fire();
  else registry.delayWill(accepted.key, delaySeconds * 1000, fire);
}

async function fireWill(connection: Connection, accepted: Accepted, will: Will): Promise<void> {
  const { sender, custom } = connection.context;
  const topic = inboundTopic(will.topic);
  if (topic.kind === 'custom') {
    const { willDelayInterval: _, ...properties } = will.properties ?? {};
    await custom.publish(accepted.custom, { ...will, properties });
  }
  if (topic.kind !== 'send') return;
  const route = sender.route(accepted.identity.uid, topic.target);
  const { document, raw } = parseOutgoing(will.payload);
  await sender.send({
    conv: route.conv,
    from: accepted.identity.uid,
    payload: document ?? JSON.parse(Buffer.from(raw).toString('utf8')),
  });
}
