import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Moving } from '../cli/surroundings.ts';
import { version } from '../cli/version.ts';
import { MovingError } from '../moving/errors.ts';
import { exportStore } from '../moving/export.ts';
import { importStore } from '../moving/import.ts';
import type { MovableStore } from '../moving/sections.ts';
import { verifyFolder } from '../moving/verify.ts';
import type { Log } from '../ops/log.ts';
import type { Config } from '../schemas/config.ts';
import { RedisConnection } from '../store/state/redis/client.ts';
import { openRedisSessions } from '../store/state/redis/sessions.ts';
import { Closing } from './closing.ts';
import { openKept, openStores } from './stores.ts';

/** What moves stores, on the command line's behalf. */
export const moving: Moving = {
  async export({ config, folder, log, watch }) {
    refuseMissing(config);
    return withStores(config, log, async (store) => {
      if (store.custom === undefined)
        watch.say('Retained messages, queues and wills of custom topics are in Redis and stay there.');
      const options = { store, source: storeName(config), folder, version: version(), watch };
      return (await exportStore(options)).sections;
    });
  },

  import: ({ config, log, ...rest }) =>
    withStores(config, log, (store) => importStore({ store, target: storeName(config), ...rest })),

  verify: async ({ folder, watch }) => (await verifyFolder(folder, watch)).compared,
};

async function withStores<T>(config: Config, log: Log, use: (store: MovableStore) => Promise<T>): Promise<T> {
  const closing = new Closing();
  try {
    const stores = await openStores({ config, log }, closing);
    const kept =
      config.store.state === 'memory'
        ? await openKept({ config }, closing)
        : await openSharedSessions(config.store.state, closing);
    return await use({ ...stores, ...kept });
  } finally {
    await closing.run();
  }
}

/** Sessions in Redis, while no node has any. */
async function openSharedSessions(url: string, closing: Closing): Promise<Pick<MovableStore, 'sessions'>> {
  const redis = await RedisConnection.open({ url, name: 'petrel-moving' });
  closing.add(() => redis.close());
  const owners = { numberOf: () => undefined, refused: () => {} };
  const sessions = await openRedisSessions({ redis, owners });
  closing.add(() => sessions.close());
  return { sessions };
}

/** A store that is not there would be made, and an empty one exported. */
function refuseMissing({ dataDir, store }: Config): void {
  const wanted = [
    ...(store.timeline === 'sqlite' ? ['timeline.db'] : []),
    ...(store.directory === 'sqlite' ? ['directory.db'] : []),
  ];
  for (const name of wanted)
    if (!existsSync(join(dataDir, name)))
      throw new MovingError(`there is no store in ${dataDir} (dataDir): ${name} is missing`);
}

/** Which store it is, without passwords. */
function storeName({ dataDir, store }: Config): string {
  const place = (url: string): string => {
    if (url === 'sqlite' || url === 'memory') return resolve(dataDir);
    // A MongoDB URL may name several hosts, which URL does not read.
    return url.replace(/^([a-z+]+:\/\/)(?:[^@/]*@)?/, '$1').replace(/\?.*$/, '');
  };
  return `timeline ${place(store.timeline)}, directory ${place(store.directory)}, state ${place(store.state)}`;
}
