import { LRUCache } from 'lru-cache';
import type { DirectFacts } from '../store/directory.ts';
import type { FactsCache } from './facts.ts';

export type PresencePolicy = 'contacts' | 'friends' | 'nobody';

/** Whether a user may see another's presence; `talked`: they have a direct conversation. */
export function maySeePresence(policy: PresencePolicy, facts: DirectFacts, talked: boolean): boolean {
  if (policy === 'nobody' || !facts.exists || facts.blocked) return false;
  return facts.friends || (policy === 'contacts' && talked);
}

export interface SightOptions {
  readonly policy: PresencePolicy;
  readonly facts: Pick<FactsCache, 'direct' | 'user'>;
  /** Whether the two have a direct conversation. */
  readonly talked: (a: string, b: string) => Promise<boolean>;
}

const maxTalked = 50_000;

/** Who sees whom, now: presence and typing. Rejects where it cannot be known now. */
export class Sight {
  readonly #options: SightOptions;
  /** Who has talked, has talked for ever. */
  readonly #talked = new LRUCache<string, true>({ max: maxTalked });

  constructor(options: SightOptions) {
    this.#options = options;
  }

  /** Whether the watcher may see the user's presence. */
  async maySee(watcher: string, uid: string): Promise<boolean> {
    if (watcher === uid) return true;
    const { policy } = this.#options;
    const { facts } = await this.#options.facts.direct(watcher, uid);
    if (maySeePresence(policy, facts, false)) return true;
    return maySeePresence(policy, facts, true) && (await this.#haveTalked(watcher, uid));
  }

  /** Whether the watcher is told that the user types; both are in the conversation. */
  async mayHear(watcher: string, uid: string): Promise<boolean> {
    const { policy, facts } = this.#options;
    if (policy !== 'contacts') return this.maySee(watcher, uid);
    return !(await facts.direct(watcher, uid)).facts.blocked;
  }

  /** Whether the user looks offline to all others. */
  async isHidden(uid: string): Promise<boolean> {
    return (await this.#options.facts.user(uid)).facts.invisible;
  }

  async #haveTalked(a: string, b: string): Promise<boolean> {
    const pair = a < b ? `${a}>${b}` : `${b}>${a}`;
    if (this.#talked.has(pair)) return true;
    const talked = await this.#options.talked(a, b);
    if (talked) this.#talked.set(pair, true);
    return talked;
  }
}
