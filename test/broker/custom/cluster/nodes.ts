import assert from 'node:assert/strict';
import type { Packet } from 'mqtt-packet';
import { createClusterTopics } from '../../../../broker/custom/cluster/create.ts';
import type { ClusterTopicsOptions } from '../../../../broker/custom/cluster/options.ts';
import type { ClusterTopics } from '../../../../broker/custom/cluster/topics.ts';
import { type CustomLimits, defaultLimits } from '../../../../broker/custom/options.ts';
import type { SharedCustom } from '../../../../store/shared-custom.ts';
import { openRedisCustom } from '../../../../store/state/redis/custom.ts';
import type { RedisServer } from '../../../servers/redis.ts';
import { until } from '../../../support/until.ts';
import { Bench, openRules, type TestClient } from '../fixture.ts';

export type NodeOptions = Partial<Omit<ClusterTopicsOptions, 'limits'>> & {
  readonly limits?: Partial<CustomLimits>;
};

/** A node over a real Redis. */
export class NodeBench extends Bench {
  readonly cluster: ClusterTopics;
  readonly shared: SharedCustom;

  private constructor(
    cluster: ClusterTopics,
    shared: SharedCustom,
    errors: unknown[],
    clock: { now: number },
  ) {
    super(cluster, errors, clock);
    this.cluster = cluster;
    this.shared = shared;
  }

  static async join(url: string, node: string, options: NodeOptions = {}): Promise<NodeBench> {
    const errors: unknown[] = [];
    const clock = { now: 1_000_000 };
    const limits = { ...defaultLimits, ...options.limits };
    const now = () => clock.now;
    const onError = (error: unknown) => errors.push(error);
    const shared = await openRedisCustom({ url, limits: { ...limits, maxInFlight: 1000 }, now, onError });
    const cluster = await createClusterTopics({
      ...{ rules: openRules, version: '1.2.3', connected: () => 0, now, onError, shared, node },
      ...options,
      limits,
    });
    return new NodeBench(cluster, shared, errors, clock);
  }

  async leave(): Promise<void> {
    await this.cluster.close();
    await this.shared.close();
  }
}

/** What a client was sent since it was asked last; resolves when it is `count` messages. */
export async function received(client: TestClient, count: number): Promise<string[]> {
  const got: string[] = [];
  await until(`${count} messages`, () => {
    got.push(...client.link.payloads());
    return got.length >= count ? true : undefined;
  });
  return got;
}

/** The same, acknowledged. */
export async function drained(bench: Bench, client: TestClient, count: number): Promise<string[]> {
  const got: string[] = [];
  await until(`${count} messages`, () => {
    got.push(...bench.drain(client));
    return got.length >= count ? true : undefined;
  });
  return got;
}

/** Runs the test with two nodes over an empty database. */
export type Two = (
  use: (a: NodeBench, b: NodeBench, url: string) => Promise<void>,
  options?: NodeOptions,
) => Promise<void>;

export async function twoNodes(
  redis: Pick<RedisServer, 'newDatabase'>,
  use: Parameters<Two>[0],
  options: NodeOptions = {},
): Promise<void> {
  const url = await redis.newDatabase();
  const a = await NodeBench.join(url, 'a', options);
  const b = await NodeBench.join(url, 'b', options);
  try {
    await use(a, b, url);
    assert.deepEqual([...a.errors, ...b.errors], []);
  } finally {
    await Promise.all([a.leave(), b.leave()]);
  }
}

/** The next packets that a client is sent, `count` of them at least. */
export async function packets(client: TestClient, count: number): Promise<Packet[]> {
  const got: Packet[] = [];
  await until(`${count} packets`, () => {
    got.push(...client.link.take());
    return got.length >= count;
  });
  return got;
}
