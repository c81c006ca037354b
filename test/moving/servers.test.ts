import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readManifest } from '../../moving/manifest.ts';
import { findMariaDb, type MariaDb, startMariaDb } from '../servers/mariadb.ts';
import { findMongo, type MongoServer, startMongo } from '../servers/mongodb.ts';
import { withReal } from '../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../servers/redis.ts';
import { Command } from '../support/command.ts';
import { until } from '../support/until.ts';
import { fillStore } from './filled-store.ts';

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
      const shared = async () => ({
        PETREL_DATA_DIR: at('shared'),
        PETREL_STORE_TIMELINE: mongodb.newDatabase(),
        PETREL_STORE_DIRECTORY: await mariadb.createDatabase(),
      });
      before(async () => {
        root = mkdtempSync(join(tmpdir(), 'petrel-moving-servers-'));
        await fillStore(at('source'), { events: 150 });
        [mariadb, mongodb, redis] = await Promise.all([startMariaDb(), startMongo(), startRedis()]);
        await run(['export', at('whole')], { PETREL_DATA_DIR: at('source') });
      });
      after(async () => {
        await Promise.all([mariadb.stop(), mongodb.stop(), redis.stop()]);
        rmSync(root, { recursive: true, force: true });
      });

      async function run(args: string[], env: Record<string, string>): Promise<void> {
        const command = new Command(args, env);
        assert.equal(await command.ended, 0, command.errors);
      }

      const sums = async (folder: string): Promise<string[]> =>
        (await readManifest(at(folder))).manifest.sections.map(
          ({ name, records, checksum }) => `${name} ${records} ${checksum}`,
        );

      it('goes into MongoDB and MySQL over kill -9, and comes out of them the same', async () => {
        const env = await shared();
        for (const parts of [3, 24]) {
          const command = new Command(['import', at('whole')], env);
          let isEnded = false;
          void command.ended.then(() => {
            isEnded = true;
          });
          await until('parts in the store', () => isEnded || noted(at('whole')) > parts, 30_000);
          command.child.kill('SIGKILL');
          await command.ended;
        }
        if (noted(at('whole')) > 0) await run(['import', at('whole')], env);
        await run(['export', at('again')], env);
        assert.deepEqual(await sums('again'), await sums('whole'));
        await run(['import', at('again')], { PETREL_DATA_DIR: at('back') });
        await run(['export', at('back-again')], { PETREL_DATA_DIR: at('back') });
        assert.deepEqual(await sums('back-again'), await sums('whole'));
      });

      it('takes sessions to Redis and back, and custom topics only where they may stay behind', async () => {
        const env = { ...(await shared()), PETREL_STORE_STATE: await redis.newDatabase() };
        const refused = new Command(['import', at('whole')], env);
        assert.equal(await refused.ended, 1);
        assert.match(refused.errors, /custom\.\w+.*--leave-custom/);
        await run(['import', '--leave-custom', at('whole')], env);
        await run(['export', at('from-redis')], env);
        assert.deepEqual(
          await sums('from-redis'),
          (await sums('whole')).filter((line) => !line.startsWith('custom.')),
        );
      });
    }),
);

/** How much an import that is not complete has noted in its folder. */
function noted(folder: string): number {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const notes = names.find((name) => name.endsWith('.notes'));
  return notes === undefined ? 0 : readFileSync(join(folder, notes), 'utf8').split('\n').length - 1;
}
