import type { StoredSubscription } from '../../../store/sessions.ts';
import type { RowChange } from '../../../store/shared-custom.ts';
import type { CustomClient } from '../custom.ts';
import type { Subscriber } from '../subscriber.ts';
import type { Subscription } from '../subscription.ts';

/** Whether all nodes know of it: it queues, or one member of all nodes' is chosen. `$SYS` is each node's own. */
export const isShared = (subscriber: Subscriber, { filter, share }: Subscription): boolean =>
  !filter.startsWith('$') && (subscriber.comesByEntry || share !== undefined);

/** A client's subscription as all nodes know it: with the scopes of its token, which are what its rights come of. */
export function rowOf(
  { key, identity }: CustomClient,
  { comesByEntry }: Subscriber,
  options: StoredSubscription,
  node: string,
): RowChange {
  const { scopes: _, ...others } = options;
  const scopes = [...identity.scopes];
  const subscription = scopes.length === 0 ? others : { ...others, scopes };
  return {
    session: key,
    filter: options.filter,
    row: comesByEntry ? { subscription } : { subscription, node },
  };
}

/** The rows of all of a client's subscriptions. */
export const rowsOf = (client: CustomClient, subscriber: Subscriber, node: string): RowChange[] =>
  [...subscriber.subscriptions.values()]
    .filter((subscription) => isShared(subscriber, subscription))
    .map(({ options }) => rowOf(client, subscriber, options, node));
