import { routeOf } from '../../policy/routes.ts';
import { PetrelError, toPetrelError } from '../../schemas/errors.ts';
import type { Identity } from '../../schemas/identity.ts';
import { parseOutgoing } from '../../schemas/messages.ts';
import { inboundTopic } from '../../schemas/topics.ts';
import type { BrokerContext } from '../context.ts';
import type { Will } from '../gate/connect.ts';

/** The will is sent no later than the end of the session. [MQTT-3.1.2-8] */
export const delayOf = (will: Will, expirySeconds: number): number =>
  Math.min(will.properties?.willDelayInterval ?? 0, expirySeconds);

/** Sends the will of a connection that has ended, when its delay is over. */
export function schedule(
  context: BrokerContext,
  key: string,
  identity: Pick<Identity, 'uid' | 'scopes'>,
  will: Will,
  delaySeconds: number,
): void {
  const fire = (): void => {
    context.registry.ending(
      send(context, key, { ...identity, expiresAt: Number.POSITIVE_INFINITY }, will).then(
        () => forget(context, key),
        (error: unknown) => {
          context.log.warn({ err: error }, 'A will was not sent.');
          // What could not be sent now is sent at the next start.
          return toPetrelError(error).entry.retryable ? undefined : forget(context, key);
        },
      ),
    );
  };
  if (delaySeconds === 0) fire();
  else context.registry.delayWill(key, delaySeconds * 1000, fire);
}

/** Only after it was sent: a crash before that sends it at the next start. A newer connection's will stays. */
const forget = ({ registry, custom }: BrokerContext, key: string): Promise<void> =>
  registry.inTurn(key, async () => {
    if (registry.connectionOf(key)?.accepted?.will === undefined) custom.willSent(key);
  });

async function send(context: BrokerContext, key: string, identity: Identity, will: Will): Promise<void> {
  const { sends, custom, presence } = context;
  if (await context.isBanned(identity.uid)) throw new PetrelError('auth.banned');
  const topic = inboundTopic(will.topic);
  if (topic.kind === 'custom') {
    const { willDelayInterval: _, ...properties } = will.properties ?? {};
    await custom.publish({ key, identity }, { ...will, properties });
  }
  if (topic.kind === 'presence') await presence.will(identity.uid, will.payload);
  if (topic.kind !== 'send') return;
  const route = routeOf(identity.uid, topic.target);
  const { document, raw } = parseOutgoing(will.payload);
  await sends.send({
    conv: route.conv,
    from: identity.uid,
    payload: document ?? JSON.parse(Buffer.from(raw).toString('utf8')),
  });
}

/** At start: those who were connected when the server died have gone without a word, and their wills are sent (section 3.1.2.5). */
export async function sendWillsLeft(context: BrokerContext): Promise<void> {
  for await (const { session, will, delaySeconds, scopes } of context.custom.wills()) {
    const uid = session.slice(0, session.indexOf('/'));
    schedule(context, session, { uid, scopes: new Set(scopes) }, will, delaySeconds);
  }
}
