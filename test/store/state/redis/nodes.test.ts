import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Bus } from '../../../../store/bus.ts';
import type { Nodes, NodesChange } from '../../../../store/nodes.ts';
import { createMemoryBus } from '../../../../store/state/memory/bus.ts';
import { createMemoryNodes } from '../../../../store/state/memory/nodes.ts';
import { RedisConnection } from '../../../../store/state/redis/client.ts';
import { leaseClockKey, leasesKey, openRedisNodes } from '../../../../store/state/redis/nodes.ts';
import { withReal } from '../../../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../../../servers/redis.ts';
import { until } from '../../../support/until.ts';

const onError = (error: unknown): never => {
  throw error;
};

/** What a node was told, in order: `joined b`, `left b`, `expired`. */
function heard(nodes: Nodes): string[] {
  const log: string[] = [];
  nodes.onChange(({ joined, left }: NodesChange) => {
    log.push(...left.map(({ id }) => `left ${id}`), ...joined.map(({ id }) => `joined ${id}`));
  });
  nodes.onExpired(() => log.push('expired'));
  return log;
}

describe('the nodes of a server that is one process', () => {
  it('are itself', async () => {
    const nodes = createMemoryNodes(5);
    await nodes.announce({ mqtt: 'mqtt://127.0.0.1:1883' });
    assert.deepEqual([...nodes.live().values()], [nodes.self]);
    assert.equal(nodes.self.mqtt, 'mqtt://127.0.0.1:1883');
    assert.equal(nodes.self.startedAt, 5);
    await nodes.close();
  });
});

await withReal('redis', findRedis, () =>
  describe('the nodes of a cluster', () => {
    let server: RedisServer;
    before(async () => {
      server = await startRedis();
    });
    after(() => server.stop());

    interface Cluster {
      readonly redis: RedisConnection;
      join(id: string, options?: { lookMs?: number; leaseMs?: number; bus?: Bus }): Promise<Nodes>;
      /** The node ends without a word. */
      kill(id: string): Promise<void>;
    }

    const withCluster = async (work: (cluster: Cluster) => Promise<void>): Promise<void> => {
      const url = await server.newDatabase();
      const redis = await RedisConnection.open({ url });
      const open = new Map<string, { nodes: Nodes; connection: RedisConnection }>();
      try {
        await work({
          redis,
          async join(id, { lookMs = 20, leaseMs = 10_000, bus } = {}) {
            const connection = await RedisConnection.open({ url });
            const nodes = await openRedisNodes({
              redis: connection,
              self: { id, role: 'all', startedAt: 1 },
              ...(bus !== undefined && { bus }),
              lookMs,
              leaseMs,
              renewMs: 50,
              onError,
            });
            open.set(id, { nodes, connection });
            return nodes;
          },
          kill: (id) => open.get(id)!.connection.close(),
        });
      } finally {
        for (const { nodes, connection } of open.values()) {
          await nodes.close();
          await connection.close();
        }
        await redis.close();
      }
    };
    const ids = (nodes: Nodes): string[] => [...nodes.live().keys()].sort();

    it('know each other, and where they are reached', () =>
      withCluster(async ({ join }) => {
        const a = await join('a');
        const b = await join('b');
        const log = heard(a);
        assert.deepEqual(ids(b), ['a', 'b']);
        await until('a knows b', () => a.live().has('b'));
        await b.announce({ mqtt: 'mqtt://10.0.0.2:1883' });
        assert.equal(b.self.mqtt, 'mqtt://10.0.0.2:1883');
        await until('a knows where b is', () => a.live().get('b')?.mqtt === 'mqtt://10.0.0.2:1883');
        assert.deepEqual(a.live().get('b'), b.self);
        assert.deepEqual(log, ['joined b', 'joined b']);
      }));

    it('are told at once of one that comes, and of one that says it leaves', () =>
      withCluster(async ({ join }) => {
        const bus = createMemoryBus(onError);
        const a = await join('a', { bus, lookMs: 1_000_000 });
        const log = heard(a);
        const b = await join('b', { bus, lookMs: 1_000_000 });
        await until('a knows b', () => a.live().has('b'));
        await b.close();
        await until('a knows that b has left', () => !a.live().has('b'));
        assert.deepEqual(log, ['joined b', 'left b']);
      }));

    it('find out that one has ended without a word', () =>
      withCluster(async ({ join, kill }) => {
        const a = await join('a');
        const log = heard(a);
        await join('b', { leaseMs: 300 });
        await until('a knows b', () => a.live().has('b'));
        await kill('b');
        await until('the lease has run out', () => !a.live().has('b'));
        assert.deepEqual(log, ['joined b', 'left b']);
      }));

    it('hear that their own lease has run out before they join again under the same id', () =>
      withCluster(async ({ join, redis }) => {
        const a = await join('a');
        const b = await join('b');
        await until('a knows b', () => a.live().has('b'));
        const [atA, atB] = [heard(a), heard(b)];
        let score: unknown;
        b.onExpired(() => {
          score = redis.command('zscore', leasesKey, 'b');
        });
        await redis.command('zadd', leasesKey, 0, 'b');
        await until('b is back', () => atA.includes('joined b'));
        assert.deepEqual(atA, ['left b', 'joined b']);
        assert.deepEqual(atB, ['expired']);
        assert.equal(await score, '0');
        assert.ok(b.live().has('b'));
      }));

    it('keep their leases over a time in which Redis was away', () =>
      withCluster(async ({ join, redis }) => {
        const a = await join('a');
        const b = await join('b');
        const logs = [heard(a), heard(b)];
        const now = Number(await redis.command('hget', leaseClockKey, 'now'));
        // To the clock of the leases it is an hour since anybody looked.
        await redis.command('hincrby', leaseClockKey, 'wall', -3_600_000);
        const looked = async () => Number(await redis.command('hget', leaseClockKey, 'now')) >= now + 2000;
        await until('the clock has gone on', looked);
        assert.ok(Number(await redis.command('hget', leaseClockKey, 'now')) < now + 60_000);
        await Promise.all([a.announce({}), b.announce({})]);
        assert.deepEqual(
          logs.flat().filter((line) => /expired|left/.test(line)),
          [],
        );
      }));

    it('join again where Redis has lost everything', () =>
      withCluster(async ({ join, redis }) => {
        const a = await join('a');
        const b = await join('b');
        const logs = [heard(a), heard(b)];
        await redis.command('flushdb');
        await until('both heard', () => logs.every((log) => log.includes('expired')));
        await until('both are back', () => ids(a).length === 2 && ids(b).length === 2);
      }));

    it('say what they cannot now, and leave all the same', () =>
      withCluster(async ({ join, kill }) => {
        const a = await join('a');
        await kill('a');
        await assert.rejects(a.announce({ mqtt: 'mqtt://x:1' }), { code: 'store.unavailable' });
        await a.close();
      }));
  }),
);
