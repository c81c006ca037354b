import type { NodeInfo, Nodes, NodesChange } from '../../../store/nodes.ts';

/** Which nodes there are, as a test says. */
export class Membership {
  readonly #live = new Map<string, NodeInfo>();
  readonly #views = new Map<string, View>();
  /** Who suspected whom: `w-1 b-1`. */
  readonly suspicions = new Set<string>();

  /** `see` changes how this node sees others. */
  join(self: NodeInfo, see: (info: NodeInfo) => NodeInfo = (info) => info): Nodes {
    const view = new View(self, this.#live, see, (id) => this.suspicions.add(`${self.id} ${id}`));
    this.#live.set(self.id, self);
    this.#tell({ joined: [self], left: [] });
    this.#views.set(self.id, view);
    return view;
  }

  /** The others see it no more; the node itself hears nothing. */
  lose(id: string): void {
    const info = this.#live.get(id);
    if (info === undefined) return;
    this.#live.delete(id);
    this.#tell({ joined: [], left: [info] }, id);
  }

  /** A node that was lost comes back: it hears that it was away. */
  find(self: NodeInfo): void {
    this.#views.get(self.id)!.expire();
    this.#live.set(self.id, self);
    this.#tell({ joined: [self], left: [] }, self.id);
  }

  leave(id: string): void {
    this.#views.delete(id);
    this.lose(id);
  }

  #tell(change: NodesChange, except?: string): void {
    for (const [id, view] of this.#views) if (id !== except) view.tell(change);
  }
}

class View implements Nodes {
  readonly self: NodeInfo;
  readonly suspect: (id: string) => void;
  readonly #all: ReadonlyMap<string, NodeInfo>;
  readonly #see: (info: NodeInfo) => NodeInfo;
  readonly #onChange = new Set<(change: NodesChange) => void>();
  readonly #onExpired = new Set<() => void>();

  constructor(
    self: NodeInfo,
    all: ReadonlyMap<string, NodeInfo>,
    see: (info: NodeInfo) => NodeInfo,
    suspect: (id: string) => void,
  ) {
    this.self = self;
    this.suspect = suspect;
    this.#all = all;
    this.#see = see;
  }

  live(): ReadonlyMap<string, NodeInfo> {
    const others = [...this.#all.values()].map((info) => [info.id, this.#see(info)] as const);
    return new Map([...others, [this.self.id, this.self]]);
  }

  tell(change: NodesChange): void {
    for (const handler of this.#onChange) handler(change);
  }

  expire(): void {
    for (const handler of this.#onExpired) handler();
  }

  onChange(handler: (change: NodesChange) => void): () => void {
    this.#onChange.add(handler);
    return () => void this.#onChange.delete(handler);
  }

  onExpired(handler: () => void): () => void {
    this.#onExpired.add(handler);
    return () => void this.#onExpired.delete(handler);
  }

  announce(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
