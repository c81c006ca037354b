import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../ops/log.ts';
import { type Config, needsFolder } from '../schemas/config.ts';
import { openAt } from '../store/away.ts';
import { openSqliteCustom } from '../store/custom/sqlite.ts';
import type { CustomStore } from '../store/custom.ts';
import { openSqliteDirectory } from '../store/directory/sql/sqlite.ts';
import type { Directory } from '../store/directory.ts';
import { lockFile } from '../store/lock.ts';
import { openSqliteSessions } from '../store/sessions/sqlite.ts';
import type { SessionStore } from '../store/sessions.ts';
import { openSqliteTimeline } from '../store/timeline/sqlite/timeline.ts';
import type { Timeline } from '../store/timeline.ts';
import type { DirectoryTransfer, TimelineTransfer } from '../store/transfer.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';

/** What is stored for good. */
export interface Stores {
  readonly timeline: Timeline & TimelineTransfer;
  readonly directory: Directory & DirectoryTransfer;
}

/** Opens the stores that the configuration names. */
export async function openStores(
  { config, log }: Pick<Base, 'config' | 'log'>,
  closing: Closing,
): Promise<Stores> {
  const { dataDir, store } = config;
  // The timeline first: it holds the lock on the folder.
  const timeline = await openTimeline(config, log, closing);
  closing.add(() => timeline.close());
  const url = store.directory;
  const directory = await (url === 'sqlite'
    ? openSqliteDirectory({ dir: dataDir })
    : openAt(
        'store.directory',
        async () => (await import('../store/directory/sql/mysql.ts')).openMysqlDirectory({ url }),
        (message) => log.warn(message),
      ));
  closing.add(() => directory.close());
  return { timeline, directory };
}

async function openTimeline(
  { dataDir, store }: Config,
  log: Log,
  closing: Closing,
): Promise<Timeline & TimelineTransfer> {
  if (store.timeline === 'sqlite')
    return openSqliteTimeline({ dir: dataDir, log: (level, message) => log[level](message) });
  if (needsFolder(store)) {
    // Other things are in the folder all the same, and one process has it.
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    closing.add(lockFile(join(dataDir, 'timeline.lock')));
  }
  // Drivers are loaded where they are used: a server that uses none does not wait for them.
  const { openMongoTimeline } = await import('../store/timeline/mongodb/timeline.ts');
  const open = () => openMongoTimeline({ url: store.timeline });
  return openAt('store.timeline', open, (message) => log.warn(message));
}

/** What is kept for sessions that are not connected. */
export interface Kept {
  readonly sessions: SessionStore;
  readonly custom: CustomStore;
}

/** In the folder of the one process that there is. */
export async function openKept({ config }: Pick<Base, 'config'>, closing: Closing): Promise<Kept> {
  const { dataDir: dir } = config;
  const sessions = await openSqliteSessions({ dir });
  closing.add(() => sessions.close());
  const custom = await openSqliteCustom({ dir });
  closing.add(() => custom.close());
  return { sessions, custom };
}
