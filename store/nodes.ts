import type { Role } from '../schemas/config/roles.ts';

/** One process of the cluster. */
export interface NodeInfo {
  /** Made anew by each start: a process that comes back is another node. */
  readonly id: string;
  readonly role: Role;
  /** Where workers reach its MQTT (`mqtt://host:port`); absent for nodes without a broker. */
  readonly mqtt?: string;
  /** ms since 1970. */
  readonly startedAt: number;
}

export interface NodesChange {
  /** Also nodes that are reached elsewhere now. */
  readonly joined: readonly NodeInfo[];
  readonly left: readonly NodeInfo[];
}

/**
 * Which processes there are, by leases that each renews.
 *
 * Guarantees: a node that has ended without a word is `left` everywhere within the time of a lease (10 s) and a second, and
 * sooner where somebody suspects it (`suspect`) and its process is gone; one that says it leaves, at once. A node whose own
 * lease has run out (it was frozen, or cut off) or was ended hears `onExpired` before it joins again, under the same id,
 * and counts as left until then: what it held, others may have taken.
 */
export interface Nodes {
  readonly self: NodeInfo;
  /** Whose leases hold as far as is known here, this one included, by id. */
  live(): ReadonlyMap<string, NodeInfo>;
  /** Answers a function that ends it. */
  onChange(handler: (change: NodesChange) => void): () => void;
  onExpired(handler: () => void): () => void;
  /**
   * To be called where a connection to the node was closed without a goodbye. Where its process has ended the node is `left`
   * everywhere in a second or two; one that lives, or is frozen, stays.
   */
  suspect(id: string): void;
  /** Says where the node is reached, once it is known. */
  announce(part: Pick<NodeInfo, 'mqtt'>): Promise<void>;
  /** Leaves: says so, and renews no more. */
  close(): Promise<void>;
}
