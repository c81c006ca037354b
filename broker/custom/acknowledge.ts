import type { CustomClient, CustomTopics } from './custom.ts';
import { type Subscriber, unknownFlow } from './subscriber.ts';

type Subscribers = ReadonlyMap<string, Subscriber>;

/** The client's subscriber, unless the session has passed to another connection. */
export function subscriberOf(subscribers: Subscribers, client: CustomClient): Subscriber | undefined {
  const subscriber = subscribers.get(client.key);
  return subscriber?.isClient(client) ? subscriber : undefined;
}

/** A client's acknowledgement; answers the PUBREL that is due, also to a PUBREC of what nobody sent. */
export function acknowledge(
  subscribers: Subscribers,
  ...[client, type, id, reason]: Parameters<CustomTopics['acknowledge']>
): Buffer | undefined {
  const subscriber = subscriberOf(subscribers, client);
  if (subscriber !== undefined) return subscriber.acknowledge(client, type, id, reason);
  return type === 'pubrec' && reason < 0x80 ? unknownFlow(client.link.version, id) : undefined;
}
