import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RedisConnection } from '../../../../store/state/redis/client.ts';
import { liveNodes } from '../../../../store/state/redis/leases.ts';
import { openRedisNodes } from '../../../../store/state/redis/nodes.ts';
import { withReal } from '../../../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../../../servers/redis.ts';

await withReal('redis', findRedis, () =>
  describe('the nodes that live', () => {
    let server: RedisServer;
    let redis: RedisConnection;
    before(async () => {
      server = await startRedis();
      redis = await RedisConnection.open({ url: await server.newDatabase() });
    });
    after(async () => {
      await redis.close();
      await server.stop();
    });

    const look = async () => {
      const waited = new Set<string>();
      const onWait = (nodes: readonly string[]): void => {
        for (const node of nodes) waited.add(node);
      };
      const live = await liveNodes({ redis, onWait, lookMs: 20 });
      return { live, waited: [...waited].sort() };
    };
    async function join(id: string) {
      const connection = await RedisConnection.open({ url: url() });
      const onError = (error: unknown) => assert.fail(String(error));
      const self = { id, role: 'all', startedAt: 1 } as const;
      const times = { lookMs: 20, renewMs: 40, leaseMs: 400 };
      return { connection, nodes: await openRedisNodes({ redis: connection, self, ...times, onError }) };
    }
    const url = (): string => {
      const { host, port, db } = redis.client.options;
      return `redis://${host}:${port}/${db}`;
    };

    it('are none where none was, and none that said that it leaves', async () => {
      assert.deepEqual(await look(), { live: [], waited: [] });
      const { nodes, connection } = await join('polite');
      await nodes.close();
      await connection.close();
      assert.deepEqual(await look(), { live: [], waited: [] });
    });

    it('renew their leases; one that died is waited for and is none', async () => {
      const [alive, dead] = [await join('alive'), await join('dead')];
      await dead.connection.close();
      assert.deepEqual((await look()).live, ['alive']);
      await alive.nodes.close();
      await alive.connection.close();
      const after = await look();
      assert.deepEqual(after.live, []);
      await dead.nodes.close();
    });

    it('are not waited for by who does not want to', async () => {
      const { nodes, connection } = await join('dead');
      await connection.close();
      const onWait = (): never => {
        throw new Error('stopped');
      };
      await assert.rejects(liveNodes({ redis, onWait }), /stopped/);
      await nodes.close();
    });
  }),
);
