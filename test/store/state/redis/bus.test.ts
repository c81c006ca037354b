import { after, before } from 'node:test';
import { openRedisBus } from '../../../../store/state/redis/bus.ts';
import { withReal } from '../../../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../../../servers/redis.ts';
import { busConformance } from '../../bus.conformance.ts';

await withReal('redis', findRedis, () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis();
  });
  after(() => server.stop());

  for (const nodes of [1, 3])
    busConformance(`Redis with ${nodes} nodes`, async (onError) => {
      const url = await server.newDatabase();
      const opened = await Promise.all(
        Array.from({ length: nodes }, () => openRedisBus({ url, onError, lingerMs: 0 })),
      );
      const [first, ...others] = opened;
      return {
        buses: [first!, ...others],
        remove: async () => {
          await Promise.all(opened.map((bus) => bus.close()));
        },
      };
    });
});
