import type { FilterAccess, TopicPolicy, TopicUser } from '../../policy/custom.ts';
import { filterTopic } from '../../schemas/topics.ts';
import type { StoredSubscription } from '../../store/sessions.ts';

/** One subscription of a session. */
export interface Subscription {
  /** As the client gave it; `options.filter` has `$share/{name}/` in front where it is shared. */
  readonly options: StoredSubscription;
  /** What messages are matched with. */
  readonly filter: string;
  readonly share: string | undefined;
  readonly identifiers: readonly number[] | undefined;
  access: FilterAccess;
}

/** Undefined for a filter that is no custom one. */
export function subscriptionOf(
  policy: TopicPolicy,
  user: TopicUser,
  options: StoredSubscription,
): Subscription | undefined {
  const asked = filterTopic(options.filter);
  if (asked.kind !== 'custom' && asked.kind !== 'system') return undefined;
  const filter = asked.kind === 'custom' ? asked.filter : options.filter;
  return {
    options,
    filter,
    share: asked.kind === 'custom' ? asked.share : undefined,
    identifiers: options.identifier === undefined ? undefined : [options.identifier],
    access: policy.rightsOf(user).access(filter),
  };
}

/** Subscriptions as a session keeps them, with the scopes that its client's rights come of. */
export function storedForms(subscriptions: Iterable<Subscription>, user: TopicUser): StoredSubscription[] {
  const scopes = [...user.scopes];
  return Array.from(subscriptions, ({ options: { scopes: _, ...options } }) =>
    scopes.length === 0 ? options : { ...options, scopes },
  );
}
