import type { Nodes } from '../../../store/nodes.ts';
import type { SharedCustom } from '../../../store/shared-custom.ts';
import type { ClusterTopics } from './topics.ts';
import type { TakenWill } from './wills.ts';

export interface DepartedOptions {
  readonly shared: SharedCustom;
  readonly topics: Pick<ClusterTopics, 'clusterWills' | 'recheck'>;
  readonly nodes: Pick<Nodes, 'self' | 'live' | 'onChange' | 'onExpired'>;
  /** The will of a connection of a node that died is this node's. */
  readonly adopt: (will: TakenWill) => void;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  readonly lookMs?: number;
  /** A node that is not known as alive for so long, and was never seen to leave, is dead. */
  readonly patienceMs?: number;
}

/** Takes up what nodes that died have left of custom topics: nobody is connected there any more, and their wills are due. */
export class Departed {
  readonly #options: DepartedOptions;
  readonly #missing = new Map<string, number>();
  readonly #ends: (() => void)[];
  #looking: Promise<void> | undefined;

  constructor(options: DepartedOptions) {
    this.#options = options;
    const { nodes, topics, onError, lookMs = 5000 } = options;
    const timer = setInterval(() => this.#look(), lookMs);
    timer.unref();
    this.#ends = [
      () => clearInterval(timer),
      nodes.onChange(({ left }) => {
        for (const { id } of left) this.#missing.set(id, 0);
        if (left.length > 0) this.#look();
      }),
      nodes.onExpired(() => void topics.recheck().catch(onError)),
    ];
    this.#look();
  }

  #look(): void {
    this.#looking ??= this.#lookNow()
      // Redis is away: the next look finds them.
      .catch(() => undefined)
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #lookNow(): Promise<void> {
    const { shared, nodes, now, patienceMs = 15_000 } = this.#options;
    const known = await shared.nodes();
    const live = nodes.live();
    for (const node of this.#missing.keys()) {
      if (live.has(node) || !known.includes(node)) this.#missing.delete(node);
    }
    for (const node of known) {
      if (live.has(node)) continue;
      const since = this.#missing.get(node);
      if (since === undefined) this.#missing.set(node, now());
      else if (now() - since >= patienceMs) await this.#left(node);
    }
  }

  async #left(node: string): Promise<void> {
    const { shared, topics, adopt } = this.#options;
    for await (const will of topics.clusterWills.adopt(node)) adopt(will);
    await shared.nodeLeft(node);
  }

  async close(): Promise<void> {
    for (const end of this.#ends) end();
    await this.#looking;
  }
}
