import type { Identity } from '../schemas/identity.ts';
import { filterCovers, filterMatches, isReserved } from '../schemas/topics.ts';

/** One rule of `topics.custom`. */
export interface TopicRule {
  /** MQTT filter; `{uid}` in it is the client's own uid. */
  readonly match: string;
  readonly allow: readonly ('publish' | 'subscribe')[];
  /** Only for this user. */
  readonly uid?: string;
  /** Only for identities with this scope. */
  readonly scope?: string;
}

/** What a rule looks at in a client. */
export type TopicUser = Pick<Identity, 'uid' | 'scopes'>;

/** What of the messages that a filter matches its subscriber may have: each of them, none, or some (ask for each topic). */
export type FilterAccess = 'all' | 'some' | 'none';

interface FittingRule {
  readonly match: string;
  readonly publish: boolean;
  readonly subscribe: boolean;
}

/** What a client makes the server remember: so many decisions, on topics of so many characters. */
const maxDecisions = 128;
const maxRemembered = 256;

const isSystem = (topic: string): boolean => topic === '$SYS' || topic.startsWith('$SYS/');

const hasWildcard = (filter: string): boolean => /[+#]/.test(filter);

/** Whether some topic name is matched by both filters. */
export function filtersMeet(a: string, b: string): boolean {
  const left = a.split('/');
  const right = b.split('/');
  for (let i = 0; ; i++) {
    // `x/#` matches `x` itself too. [MQTT-4.7.1.2]
    if (left[i] === '#' || right[i] === '#') return true;
    if (left[i] === undefined || right[i] === undefined) return left.length === right.length;
    if (left[i] !== right[i] && left[i] !== '+' && right[i] !== '+') return false;
  }
}

/**
 * What one client may do with custom topics: the rules that fit it, in order. The first whose filter matches the topic
 * (covers the filter) decides; nothing matches: refused. Topics of the server are never custom; `$SYS` may be read with
 * the scope `admin`.
 */
export class TopicRights {
  readonly #rules: readonly FittingRule[];
  readonly #admin: boolean;
  readonly #published = new Map<string, boolean>();
  readonly #received = new Map<string, boolean>();

  constructor(rules: readonly TopicRule[], user: TopicUser) {
    this.#admin = user.scopes.has('admin');
    this.#rules = rules
      .filter(({ uid }) => uid === undefined || uid === user.uid)
      .filter(({ scope }) => scope === undefined || user.scopes.has(scope))
      // a uid that is no plain text of a level would change the filter
      .filter(({ match }) => !match.includes('{uid}') || !/[/+#\0]/.test(user.uid))
      .map(({ match, allow }) => ({
        match: match.replaceAll('{uid}', () => user.uid),
        publish: allow.includes('publish'),
        subscribe: allow.includes('subscribe'),
      }));
  }

  mayPublish(topic: string): boolean {
    return decide(this.#published, topic, this.#publishes);
  }

  readonly #publishes = (topic: string): boolean =>
    !isReserved(topic) && (this.#rules.find(({ match }) => filterMatches(match, topic))?.publish ?? false);

  /** Whether the client may subscribe to this filter (without `$share/{name}/`), and whether its messages need a look each. */
  access(filter: string): FilterAccess {
    if (isReserved(filter)) return this.#admin && isSystem(filter) ? 'all' : 'none';
    let met = false;
    for (const { match, subscribe } of this.#rules) {
      if (filterCovers(match, filter)) return subscribe ? (met ? 'some' : 'all') : 'none';
      met ||= !subscribe && hasWildcard(filter) && filtersMeet(match, filter);
    }
    return 'none';
  }

  /** Whether the client might subscribe to this very topic, so that a wildcard subscription may bring it. */
  mayReceive(topic: string): boolean {
    return decide(this.#received, topic, this.#receives);
  }

  readonly #receives = (topic: string): boolean => this.access(topic) !== 'none';
}

/** Decides, or remembers: the newest decisions on topics of ordinary length. */
function decide(known: Map<string, boolean>, topic: string, rule: (topic: string) => boolean): boolean {
  const decided = known.get(topic);
  if (decided !== undefined) return decided;
  const decision = rule(topic);
  if (topic.length > maxRemembered) return decision;
  if (known.size >= maxDecisions) known.delete(known.keys().next().value!);
  known.set(topic, decision);
  return decision;
}

/** The rules of `topics.custom`, and what they come to for each identity. */
export class TopicPolicy {
  readonly #rules: readonly TopicRule[];
  readonly #rights = new WeakMap<TopicUser, TopicRights>();

  constructor(rules: readonly TopicRule[]) {
    this.#rules = rules;
  }

  rightsOf(user: TopicUser): TopicRights {
    const known = this.#rights.get(user);
    if (known !== undefined) return known;
    const rights = new TopicRights(this.#rules, user);
    this.#rights.set(user, rights);
    return rights;
  }
}
