import { routeOf } from '../../policy/routes.ts';
import { PetrelError } from '../../schemas/errors.ts';
import type { Identity } from '../../schemas/identity.ts';
import { parseOutgoing } from '../../schemas/messages.ts';
import { inboundTopic } from '../../schemas/topics.ts';
import type { BrokerContext } from '../context.ts';
import type { Will } from '../gate/connect.ts';

/** What the sending of a will needs. */
export type WillContext = Pick<
  BrokerContext,
  'registry' | 'custom' | 'sends' | 'presence' | 'isBanned' | 'log' | 'now'
>;

/** To where its topic leads: a custom topic, a conversation, the user's presence. */
export async function sendWill(
  context: WillContext,
  key: string,
  user: Pick<Identity, 'uid' | 'scopes'>,
  will: Will,
): Promise<void> {
  const identity: Identity = { uid: user.uid, scopes: user.scopes, expiresAt: Number.POSITIVE_INFINITY };
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
