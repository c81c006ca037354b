import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Moving } from '../cli/surroundings.ts';
import { version } from '../cli/version.ts';
import { MovingError } from '../moving/errors.ts';
import { exportStore } from '../moving/export.ts';
import { importStore } from '../moving/import.ts';
import { verifyFolder } from '../moving/verify.ts';
import type { Log } from '../ops/log.ts';
import type { Config } from '../schemas/config.ts';
import { Closing } from './closing.ts';
import { type Kept, openKept, openStores, type Stores } from './stores.ts';

/** What moves stores, on the command line's behalf. */
export const moving: Moving = {
  async export({ config, folder, log, watch }) {
    refuseMissing(config);
    return withStores(config, log, async (store) => {
      const options = { store, source: storeName(config), folder, version: version(), watch };
      return (await exportStore(options)).sections;
    });
  },

  import: ({ config, folder, log, watch }) =>
    withStores(config, log, (store) => importStore({ store, target: storeName(config), folder, watch })),

  verify: async ({ folder, watch }) => (await verifyFolder(folder, watch)).compared,
};

async function withStores<T>(
  config: Config,
  log: Log,
  use: (stores: Stores & Kept) => Promise<T>,
): Promise<T> {
  const closing = new Closing();
  try {
    const stores = await openStores({ config, log }, closing);
    return await use({ ...stores, ...(await openKept({ config }, closing)) });
  } finally {
    await closing.run();
  }
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
