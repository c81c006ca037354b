import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { RedisConnection } from '../../store/state/redis/client.ts';
import { openRedisNodes } from '../../store/state/redis/nodes.ts';
import { findMariaDb, type MariaDb, startMariaDb } from '../servers/mariadb.ts';
import { findMongo, type MongoServer, startMongo } from '../servers/mongodb.ts';
import { withReal } from '../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../servers/redis.ts';
import { Command } from '../support/command.ts';
import { moveHere } from '../support/moving.ts';
import { fillStore } from './filled-store.ts';
import { killedAt, sumsIn } from './moved.ts';

await withReal(
  'mariadb, mongodb and redis',
  () => Promise.all([findMariaDb(), findMongo(), findRedis()]),
  () =>
    describe('an export, on real servers', () => {
      let mariadb: MariaDb;
      let mongodb: MongoServer;
      let redis: RedisServer;
      let root: string;
      const at = (name: string): string => join(root, name);
      before(async () => {
        root = mkdtempSync(join(tmpdir(), 'petrel-moving-servers-'));
        const filled = fillStore(at('source'), { events: 150 });
        [mariadb, mongodb, redis] = await Promise.all([startMariaDb(), startMongo(), startRedis(), filled]);
        await run(['export', at('whole')], { PETREL_DATA_DIR: at('source') });
      });
      after(async () => {
        await Promise.all([mariadb.stop(), mongodb.stop(), redis.stop()]);
        rmSync(root, { recursive: true, force: true });
      });

      async function run(args: string[], env: Record<string, string>): Promise<string> {
        const { code, output, errors } = await moveHere(args, env);
        assert.equal(code, 0, errors);
        return output;
      }

      const sums = (folder: string): Promise<string[]> => sumsIn(at(folder));

      it('goes into MongoDB, MySQL and Redis over kill -9, and comes out of them the same', async () => {
        const env = {
          PETREL_DATA_DIR: at('shared'),
          PETREL_STORE_TIMELINE: mongodb.newDatabase(),
          PETREL_STORE_DIRECTORY: await mariadb.createDatabase(),
          PETREL_STORE_STATE: await redis.newDatabase(),
        };
        const { length } = (await sums('whole')).filter((line) => !line.includes(' 0 '));
        let isDone = false;
        // The second time among the last sections, which are those of custom topics.
        for (const parts of [3, length - 1])
          isDone ||= await killedAt(parts, at('whole'), new Command(['import', at('whole')], env));
        if (!isDone) {
          const output = await run(['import', at('whole')], env);
          assert.match(output, /^custom\.queued +\d+ {2}[0-9a-f]{16} {2}as in the store$/m);
          // Two of each session.
          assert.match(output, /^custom\.subscriptions +14 {2}[0-9a-f]{16} {2}as in the store$/m);
        }
        await run(['export', at('again')], env);
        assert.deepEqual(await sums('again'), await sums('whole'));
        await run(['import', at('again')], { PETREL_DATA_DIR: at('back') });
        await run(['export', at('back-again')], { PETREL_DATA_DIR: at('back') });
        assert.deepEqual(await sums('back-again'), await sums('whole'));
      });

      it('is refused while a node lives on its Redis', async () => {
        const url = await redis.newDatabase();
        const env = { PETREL_DATA_DIR: at('source'), PETREL_STORE_STATE: url };
        const connection = await RedisConnection.open({ url });
        const onError = (error: unknown) => assert.fail(String(error));
        const self = { id: 'node-1', role: 'all', startedAt: 1 } as const;
        const nodes = await openRedisNodes({ redis: connection, self, renewMs: 50, lookMs: 20, onError });
        try {
          for (const task of ['export', 'import']) {
            const { code, errors } = await moveHere([task, at('refused')], env);
            assert.equal(code, 1);
            assert.match(
              errors,
              /^petrel: a node is running on this store \(node-1\): stop all nodes first$/m,
            );
          }
        } finally {
          await nodes.close();
          await connection.close();
        }
        await run(['export', at('allowed')], env);
      });
    }),
);
