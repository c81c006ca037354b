import type { Bus } from '../../../../store/bus.ts';
import type { Nodes } from '../../../../store/nodes.ts';
import type { SessionStore } from '../../../../store/sessions.ts';
import { createMemoryBus } from '../../../../store/state/memory/bus.ts';
import { RedisConnection } from '../../../../store/state/redis/client.ts';
import { leasesKey, openRedisNodes } from '../../../../store/state/redis/nodes.ts';
import { openRedisOwners, type RedisOwners } from '../../../../store/state/redis/owners.ts';
import { openRedisSessions } from '../../../../store/state/redis/sessions.ts';
import { until } from '../../../support/until.ts';

/** What a node of a cluster has of sessions. */
export interface TestNode {
  readonly id: string;
  readonly redis: RedisConnection;
  readonly nodes: Nodes;
  readonly owners: RedisOwners;
  readonly sessions: SessionStore;
  /** Ends without a word; what it had stays as it was. */
  kill(): Promise<void>;
}

export interface TestClusterOptions {
  readonly now?: () => number;
  readonly patienceMs?: number;
}

/** Nodes of a cluster on one database, all in this process; their bus is memory. */
export class TestCluster {
  readonly redis: RedisConnection;
  readonly bus: Bus;
  readonly #url: string;
  readonly #options: TestClusterOptions;
  readonly #nodes = new Set<TestNode>();
  readonly #onLoss = new Set<() => void>();

  private constructor(url: string, redis: RedisConnection, options: TestClusterOptions) {
    this.#url = url;
    this.redis = redis;
    this.#options = options;
    const bus = createMemoryBus((error) => {
      throw error;
    });
    const onLoss = (handler: () => void) => {
      this.#onLoss.add(handler);
      return () => void this.#onLoss.delete(handler);
    };
    this.bus = { ...bus, onLoss };
  }

  static async open(url: string, options: TestClusterOptions = {}): Promise<TestCluster> {
    return new TestCluster(url, await RedisConnection.open({ url }), options);
  }

  async join(id: string): Promise<TestNode> {
    const { bus } = this;
    const { now = Date.now, patienceMs } = this.#options;
    const redis = await RedisConnection.open({ url: this.#url });
    const onError = (error: unknown): never => {
      throw error;
    };
    const nodes = await openRedisNodes({
      redis,
      self: { id, role: 'all', startedAt: 1 },
      lookMs: 20,
      renewMs: 50,
      onError,
    });
    const owners = await openRedisOwners({
      ...{ redis, bus, nodes, now, onError: () => {} },
      ...(patienceMs !== undefined && { patienceMs }),
      buryMs: 20,
    });
    const sessions = await openRedisSessions({ redis, owners, now });
    const node: TestNode = {
      ...{ id, redis, nodes, owners, sessions },
      kill: async () => {
        this.#nodes.delete(node);
        // First the connection: nothing is said any more.
        await redis.close();
        await sessions.close();
        await owners.close();
        await nodes.close();
      },
    };
    this.#nodes.add(node);
    return node;
  }

  /** The lease of the node runs out now. */
  async expire(id: string): Promise<void> {
    await this.redis.command('zadd', leasesKey, 0, id);
  }

  /** Every node may have missed something. */
  lose(): void {
    for (const handler of this.#onLoss) handler();
  }

  /** Resolves when others have taken over all that the node left. */
  async buried(id: string): Promise<void> {
    await until(`${id} is buried`, async () => (await this.redis.command('zscore', leasesKey, id)) === null);
  }

  async close(): Promise<void> {
    for (const node of this.#nodes) await node.kill();
    await this.redis.close();
  }
}
