import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Move, Moving } from '../cli/surroundings.ts';
import { version } from '../cli/version.ts';
import { MovingError } from '../moving/errors.ts';
import { exportStore } from '../moving/export.ts';
import { importStore } from '../moving/import.ts';
import type { MovableStore } from '../moving/sections.ts';
import { verifyFolder } from '../moving/verify.ts';
import { orStop, type Watch } from '../moving/watch.ts';
import type { Config } from '../schemas/config.ts';
import { customTransfer } from '../store/custom/transfer.ts';
import type { RedisConnection } from '../store/state/redis/client.ts';
import { Closing } from './closing.ts';
import { openKept, openStores } from './stores.ts';

/** What moves stores, on the command line's behalf. */
export const moving: Moving = {
  async export({ config, folder, log, watch }) {
    refuseMissing(config);
    return withStores({ config, log, watch }, async (opened) => {
      const options = { ...opened, source: storeName(config), folder, version: version(), watch };
      return (await exportStore(options)).sections;
    });
  },

  import: ({ config, folder, log, watch }) =>
    withStores({ config, log, watch }, (opened) =>
      importStore({ ...opened, target: storeName(config), folder, watch }),
    ),

  verify: async ({ folder, watch }) => (await verifyFolder(folder, watch)).compared,
};

type Around = Pick<Move, 'config' | 'log' | 'watch'>;

interface Opened {
  readonly store: MovableStore;
  readonly refuseUsed?: () => Promise<void>;
}

/** Opens the configured store, which no server uses. */
async function withStores<T>(
  { config, log, watch }: Around,
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  const closing = new Closing();
  const { state } = config.store;
  try {
    if (state === 'memory') {
      const stores = await openStores({ config, log }, closing);
      const { sessions, custom } = await openKept({ config }, closing);
      return await use({ store: { ...stores, sessions, custom: customTransfer(custom) } });
    }
    // Loaded where it is used, as other drivers are.
    const { RedisConnection } = await import('../store/state/redis/client.ts');
    const { RedisCustomTransfer } = await import('../store/state/redis/custom/transfer.ts');
    const { openRedisSessions } = await import('../store/state/redis/sessions.ts');
    const redis = await RedisConnection.open({ url: state, name: 'petrel-moving' });
    closing.add(() => redis.close());
    await refuseRunning(redis, watch, 'stop all nodes first');
    const stores = await openStores({ config, log }, closing);
    // No node has any of the sessions.
    const owners = { numberOf: () => undefined, refused: () => {} };
    const sessions = await openRedisSessions({ redis, owners });
    closing.add(() => sessions.close());
    return await use({
      store: { ...stores, sessions, custom: new RedisCustomTransfer(redis) },
      refuseUsed: () => refuseRunning(redis, watch, 'nothing is to be relied on, begin anew'),
    });
  } finally {
    await closing.run();
  }
}

/** Only nodes on Redis can be seen: who uses the other servers does so with it. */
async function refuseRunning(redis: RedisConnection, watch: Watch, advice: string): Promise<void> {
  let isTold = false;
  const onWait = (): void => {
    orStop(watch);
    if (!isTold) watch.say('Nodes were there a moment ago; waiting until it is known whether they live.');
    isTold = true;
  };
  const { liveNodes } = await import('../store/state/redis/leases.ts');
  const nodes = await liveNodes({ redis, onWait });
  if (nodes.length === 0) return;
  const running = nodes.length === 1 ? 'a node is' : `${nodes.length} nodes are`;
  throw new MovingError(`${running} running on this store (${nodes.join(', ')}): ${advice}`);
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
