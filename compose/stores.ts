import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../ops/log.ts';
import type { Config } from '../schemas/config.ts';
import { openSqliteCustom } from '../store/custom/sqlite.ts';
import type { CustomStore } from '../store/custom.ts';
import { openMysqlDirectory } from '../store/directory/sql/mysql.ts';
import { openSqliteDirectory } from '../store/directory/sql/sqlite.ts';
import type { Directory } from '../store/directory.ts';
import { lockFile } from '../store/lock.ts';
import { openSqliteSessions } from '../store/sessions/sqlite.ts';
import type { SessionStore } from '../store/sessions.ts';
import { openMongoTimeline } from '../store/timeline/mongodb/timeline.ts';
import { openSqliteTimeline } from '../store/timeline/sqlite/timeline.ts';
import type { Timeline } from '../store/timeline.ts';
import type { DirectoryTransfer, TimelineTransfer } from '../store/transfer.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';

export interface Stores {
  readonly timeline: Timeline & TimelineTransfer;
  readonly directory: Directory & DirectoryTransfer;
  readonly sessions: SessionStore;
  readonly custom: CustomStore;
}

/** Opens the stores that the configuration names. */
export async function openStores(
  { config, log }: Pick<Base, 'config' | 'log'>,
  closing: Closing,
): Promise<Stores> {
  // The timeline first: it holds the lock on the folder.
  const timeline = await openTimeline(config, log, closing);
  closing.add(() => timeline.close());
  const closed = async <S extends { close(): Promise<void> }>(opening: Promise<S>): Promise<S> => {
    const store = await opening;
    closing.add(() => store.close());
    return store;
  };
  const { dataDir: dir } = config;
  const { directory: url } = config.store;
  const opening = [
    closed(url === 'sqlite' ? openSqliteDirectory({ dir }) : openMysqlDirectory({ url })),
    closed(openSqliteSessions({ dir })),
    closed(openSqliteCustom({ dir })),
  ] as const;
  // Where one fails the others are there to be closed.
  await Promise.allSettled(opening);
  const [directory, sessions, custom] = await Promise.all(opening);
  return { timeline, directory, sessions, custom };
}

async function openTimeline(
  { dataDir: dir, store }: Config,
  log: Log,
  closing: Closing,
): Promise<Timeline & TimelineTransfer> {
  if (store.timeline === 'sqlite')
    return openSqliteTimeline({ dir, log: (level, message) => log[level](message) });
  // Sessions are in the folder all the same, and one process has it.
  await mkdir(dir, { recursive: true, mode: 0o700 });
  closing.add(lockFile(join(dir, 'timeline.lock')));
  return openMongoTimeline({ url: store.timeline });
}
