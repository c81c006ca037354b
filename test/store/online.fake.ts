import type { ConnectionInfo } from '../../schemas/connection.ts';
import { type Platform, platforms } from '../../schemas/identity.ts';
import { absenceGraceMs, type Online, type OnlineConnection, type Whereabouts } from '../../store/online.ts';

type Times = { readonly cameAt: number; readonly leftAt: number };

/** What nodes of one process share, in place of Redis. */
export class FakeOnlineWorld {
  readonly infos = new Map<string, OnlineConnection>();
  readonly times = new Map<string, Times>();
  readonly gone = new Set<string>();
  /** Rejects where a node cannot reach it now. */
  reach: (node: string) => Promise<void> = () => Promise.resolve();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  of(uid: string): OnlineConnection[] {
    return [...this.infos.values()].filter((one) => one.uid === uid && !this.gone.has(one.node));
  }

  put(connection: OnlineConnection): void {
    const { uid, clientId } = connection;
    const now = this.#now();
    this.infos.set(`${uid}/${clientId}`, connection);
    const known = this.times.get(uid);
    if (known?.leftAt === 0) return;
    const back = known !== undefined && now - known.leftAt <= absenceGraceMs;
    this.times.set(uid, { cameAt: back ? known.cameAt : now, leftAt: 0 });
  }

  drop(name: string, node: string): void {
    const connection = this.infos.get(name);
    if (connection?.node !== node) return;
    this.infos.delete(name);
    const { uid } = connection;
    if (![...this.infos.values()].some((one) => one.uid === uid))
      this.times.set(uid, { cameAt: this.times.get(uid)!.cameAt, leftAt: this.#now() });
  }

  sweep(): void {
    for (const [name, { node }] of this.infos) if (this.gone.has(node)) this.drop(name, node);
  }

  whereabouts(uid: string): Whereabouts | undefined {
    for (const [name, one] of this.infos)
      if (one.uid === uid && this.gone.has(one.node)) this.drop(name, one.node);
    const times = this.times.get(uid);
    if (times === undefined) return undefined;
    const found = new Set<Platform | undefined>(this.of(uid).map(({ platform }) => platform));
    return {
      online: times.leftAt === 0,
      since: times.leftAt || times.cameAt,
      cameAt: times.cameAt,
      platforms: platforms.filter((platform) => found.has(platform)),
    };
  }
}

/** One node's view of it. */
export class FakeOnline implements Online {
  readonly #world: FakeOnlineWorld;
  readonly #node: string;
  readonly #pending = new Map<string, ConnectionInfo | undefined>();
  readonly #onWritten = new Set<(uids: readonly string[]) => void>();
  #writing: Promise<void> | undefined;

  constructor(world: FakeOnlineWorld, node: string) {
    this.#world = world;
    this.#node = node;
  }

  put(connection: ConnectionInfo): void {
    this.#add(`${connection.uid}/${connection.clientId}`, connection);
  }

  remove({ uid, clientId }: Pick<ConnectionInfo, 'uid' | 'clientId'>): void {
    this.#add(`${uid}/${clientId}`, undefined);
  }

  #add(name: string, connection: ConnectionInfo | undefined): void {
    this.#pending.delete(name);
    this.#pending.set(name, connection);
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#pending.size > 0) {
      try {
        await this.#world.reach(this.#node);
      } catch {
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      // Nothing is taken from a node without a lease.
      if (this.#world.gone.has(this.#node)) return;
      const batch = [...this.#pending];
      this.#pending.clear();
      for (const [name, connection] of batch) {
        if (connection === undefined) this.#world.drop(name, this.#node);
        else this.#world.put({ ...connection, node: this.#node });
      }
      const uids = batch.map(([name]) => name.slice(0, name.indexOf('/')));
      for (const handler of this.#onWritten) handler(uids);
    }
  }

  async written(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  onWritten(handler: (uids: readonly string[]) => void): () => void {
    this.#onWritten.add(handler);
    return () => void this.#onWritten.delete(handler);
  }

  async of(uid: string): Promise<OnlineConnection[]> {
    await this.#world.reach(this.#node);
    return this.#world.of(uid);
  }

  list(): Promise<OnlineConnection[]> {
    throw new Error('nobody asks a fake for pages');
  }

  async whereabouts(uids: readonly string[]): Promise<Map<string, Whereabouts>> {
    await this.#world.reach(this.#node);
    const found = uids.flatMap((uid) => {
      const whereabouts = this.#world.whereabouts(uid);
      return whereabouts === undefined ? [] : [[uid, whereabouts] as const];
    });
    await this.#world.reach(this.#node);
    return new Map(found);
  }

  firstAt(): Promise<number> {
    return Promise.resolve(1);
  }

  async sweep(): Promise<void> {
    this.#world.sweep();
  }

  close(): Promise<void> {
    return this.written();
  }
}
