import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { StoreLocked } from '../../locked.ts';

const busy = 5;

/**
 * Takes the directory for this process until the answered function is called or the process ends, however it ends:
 * the lock is one of the kernel's, held by SQLite on a file of its own. Throws StoreLocked where it is taken.
 */
export function lockDirectory(dir: string): () => void {
  const path = join(dir, 'timeline.lock');
  closeSync(openSync(path, 'a', 0o600));
  const db = new DatabaseSync(path);
  try {
    db.exec('pragma journal_mode = memory; begin exclusive');
  } catch (error) {
    db.close();
    if ((error as { errcode?: number }).errcode === busy || /locked/.test(String(error)))
      throw new StoreLocked(dir, { cause: error });
    throw error;
  }
  return () => db.close();
}
