import type { FilterAccess, TopicPolicy, TopicUser } from '../../../policy/custom.ts';
import { filterTopic } from '../../../schemas/topics.ts';
import type { StoredSubscription } from '../../../store/sessions.ts';
import type { Candidate, RowChange, SharedRow } from '../../../store/shared-custom.ts';
import type { Envelope } from '../aedes.ts';
import type { Copy, QoS } from '../message.ts';
import { encodeCopy } from './codec.ts';
import { FilterTrie } from './trie.ts';

interface Known {
  readonly key: string;
  readonly row: SharedRow;
  /** Without `$share/{name}/`. */
  readonly filter: string;
  readonly shared: boolean;
  readonly user: TopicUser;
  readonly access: FilterAccess;
}

/** Who a message is for. */
export interface Receivers {
  readonly receivers: readonly (readonly [session: string, copy: string])[];
  readonly groups: readonly (readonly Candidate[])[];
}

interface Merged {
  qos: QoS;
  retainAsPublished: boolean;
  identifiers: number[] | undefined;
}

/** So many members of a group are tried, in turn. */
const maxCandidates = 64;

/** Every subscription that more than its node has to know of: of sessions that outlive connections, and shared ones. */
export class Roster {
  readonly #policy: TopicPolicy;
  readonly #bySession = new Map<string, Map<string, Known>>();
  #trie = new FilterTrie<Known>();
  readonly #turns = new Map<string, number>();
  #round: Iterator<[string, Map<string, Known>]> | undefined;

  constructor(policy: TopicPolicy) {
    this.#policy = policy;
  }

  apply({ session, filter, row }: RowChange): void {
    const known = this.#bySession.get(session);
    const old = known?.get(filter);
    if (old !== undefined) {
      this.#trie.delete(old.filter, old);
      known!.delete(filter);
      if (known!.size === 0) this.#bySession.delete(session);
    }
    if (row === undefined) return;
    const entry = this.#entry(session, row);
    if (entry === undefined) return;
    const rows = this.#bySession.get(session) ?? new Map<string, Known>();
    this.#bySession.set(session, rows.set(filter, entry));
    this.#trie.add(entry.filter, entry);
  }

  #entry(session: string, row: SharedRow): Known | undefined {
    const topic = filterTopic(row.subscription.filter);
    if (topic.kind !== 'custom') return undefined;
    const uid = session.slice(0, session.indexOf('/'));
    const user = { uid, scopes: new Set(row.subscription.scopes) };
    const access = this.#policy.rightsOf(user).access(topic.filter);
    return { key: session, row, filter: topic.filter, shared: topic.share !== undefined, user, access };
  }

  replace(rows: readonly RowChange[]): void {
    this.#bySession.clear();
    this.#trie = new FilterTrie();
    for (const change of rows) this.apply(change);
  }

  /** The subscriptions of a session, as they were given. */
  of(session: string): StoredSubscription[] {
    return Array.from(this.#bySession.get(session)?.values() ?? [], ({ row }) => row.subscription);
  }

  has(session: string): boolean {
    return this.#bySession.has(session);
  }

  /** Some sessions that outlive their connections; call after call all of them. */
  some(count: number): string[] {
    const some: string[] = [];
    for (let i = 0; i < count; i++) {
      this.#round ??= this.#bySession.entries();
      const next = this.#round.next();
      if (next.done) {
        this.#round = undefined;
        break;
      }
      const [session, rows] = next.value;
      if ([...rows.values()].some(({ row }) => row.node === undefined)) some.push(session);
    }
    return some;
  }

  /** `only` is the one group that is meant; else everybody is. */
  receivers(topic: string, envelope: Envelope, only?: string): Receivers {
    const merged = new Map<string, Merged>();
    const groups = new Map<string, Known[]>();
    this.#trie.match(topic, (known) => {
      const { key, row, access, shared, user } = known;
      const { subscription } = row;
      if (access === 'none' || (subscription.noLocal && envelope.from === key)) return; // [MQTT-3.8.3-3]
      if (access === 'some' && !this.#policy.rightsOf(user).mayReceive(topic)) return;
      if (shared) {
        const group = groups.get(subscription.filter);
        if (group === undefined) groups.set(subscription.filter, [known]);
        else group.push(known);
      } else if (only === undefined) merge(merged, key, subscription);
    });
    const receivers: [string, string][] = [];
    for (const [session, one] of merged) {
      const copy = copyOf(envelope, one);
      if (copy.qos > 0) receivers.push([session, encodeCopy(copy, undefined)]);
    }
    const asked = only === undefined ? [...groups] : [...groups].filter(([filter]) => filter === only);
    return { receivers, groups: asked.map(([filter, members]) => this.#inTurn(filter, members, envelope)) };
  }

  #inTurn(filter: string, members: readonly Known[], envelope: Envelope): Candidate[] {
    const turn = this.#turns.get(filter) ?? 0;
    this.#turns.set(filter, turn + 1);
    const count = Math.min(members.length, maxCandidates);
    return Array.from({ length: count }, (_, i) => {
      const { key, row } = members[(turn + i) % members.length]!;
      const { identifier, retainAsPublished = false, qos } = row.subscription;
      const identifiers = identifier === undefined ? undefined : [identifier];
      const copy = copyOf(envelope, { qos, retainAsPublished, identifiers });
      const persistent = row.node === undefined;
      const queues = persistent && copy.qos > 0;
      return { session: key, filter, copy: encodeCopy(copy, filter), queues, persistent };
    });
  }
}

/** One copy with the highest QoS and all identifiers of the subscriptions that match. [MQTT-3.3.4-2..5] */
function merge(
  merged: Map<string, Merged>,
  session: string,
  { qos, identifier, retainAsPublished = false }: StoredSubscription,
): void {
  const one = merged.get(session);
  const identifiers = identifier === undefined ? undefined : [identifier];
  if (one === undefined) {
    merged.set(session, { qos, retainAsPublished, identifiers });
    return;
  }
  if (qos > one.qos) one.qos = qos;
  one.retainAsPublished ||= retainAsPublished;
  if (identifiers !== undefined) one.identifiers = [...(one.identifiers ?? []), ...identifiers];
}

const copyOf = ({ qos, retain }: Envelope, merged: Merged): Copy => ({
  qos: Math.min(merged.qos, qos) as QoS,
  retain: merged.retainAsPublished && retain,
  identifiers: merged.identifiers,
});
