import { after, before, describe } from 'node:test';
import { withReal } from '../../../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../../../servers/redis.ts';
import { sessionsConformance } from '../../sessions.conformance.ts';
import { TestCluster } from './cluster.ts';

await withReal('redis', findRedis, () =>
  describe('sessions of a cluster', () => {
    let server: RedisServer;
    before(async () => {
      server = await startRedis();
    });
    after(() => server.stop());

    sessionsConformance('Redis', async (now) => {
      const cluster = await TestCluster.open(await server.newDatabase(), { now });
      const first = await cluster.join('first');
      first.owners.start();
      return {
        store: first.sessions,
        take: async (key) => first.owners.take(key),
        reopen: async () => {
          await first.kill();
          await cluster.expire('first');
          const second = await cluster.join('second');
          second.owners.start();
          await cluster.buried('first');
          return second.sessions;
        },
        remove: () => cluster.close(),
      };
    });
  }),
);
