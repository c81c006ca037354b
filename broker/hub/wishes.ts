import type { StoredSubscription } from '../../store/sessions.ts';
import type { DeliveryOptions } from './event.ts';

/** What a session wants of a server topic; `silent` after it unsubscribed. */
export type TopicWish = DeliveryOptions | 'silent';

/**
 * How a session wants its server topics (`u/{own}`, `n/{own}`, `g/{its groups}`). It gets them at QoS 1 without asking; a
 * subscription only says how, and an unsubscription silences.
 */
export class Wishes {
  readonly #uid: string;
  inbox: TopicWish | undefined;
  notices: TopicWish | undefined;
  #groups: Map<string, TopicWish> | undefined;

  constructor(uid: string) {
    this.#uid = uid;
  }

  group(gid: string): TopicWish | undefined {
    return this.#groups?.get(gid);
  }

  /** Undefined: as everyone gets it. */
  set(topic: string, wish: TopicWish | undefined): void {
    if (topic.startsWith('u/')) this.inbox = wish;
    else if (topic.startsWith('n/')) this.notices = wish;
    else {
      const gid = topic.slice(2);
      this.#groups ??= new Map();
      if (wish === undefined) this.#groups.delete(gid);
      else this.#groups.set(gid, wish);
    }
  }

  /** The topics the session unsubscribed from. */
  silenced(): string[] {
    return this.#all().flatMap(([topic, wish]) => (wish === 'silent' ? [topic] : []));
  }

  /** The other wishes as subscriptions, for the stored session. */
  subscriptions(): StoredSubscription[] {
    return this.#all().flatMap(([filter, wish]) => (wish === 'silent' ? [] : [{ filter, ...wish }]));
  }

  #all(): [topic: string, wish: TopicWish][] {
    const all: [string, TopicWish][] = [];
    if (this.inbox !== undefined) all.push([`u/${this.#uid}`, this.inbox]);
    if (this.notices !== undefined) all.push([`n/${this.#uid}`, this.notices]);
    for (const [gid, wish] of this.#groups ?? []) all.push([`g/${gid}`, wish]);
    return all;
  }
}
