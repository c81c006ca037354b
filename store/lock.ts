import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';

/** Thrown when a store is opened whose files another process (or another store of this one) holds. */
export class StoreLocked extends Error {
  readonly path: string;

  constructor(path: string, options?: ErrorOptions) {
    super(`${path} is in use by another process.`, options);
    this.name = 'StoreLocked';
    this.path = path;
  }
}

const busy = 5;

/**
 * Makes an empty file with mode 0600 where there is none. One that is there is not opened: closing any descriptor of a
 * file gives up all locks that the process has on it.
 */
export function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Takes the lock file for this process until the answered function is called or the process ends, however it ends: the
 * lock is one of the kernel's, which SQLite holds. Throws StoreLocked at once where it is taken.
 */
export function lockFile(path: string): () => void {
  makeFile(path);
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec('pragma journal_mode = memory; begin exclusive');
  } catch (error) {
    db.close();
    if ((error as { errcode?: number }).errcode === busy || /locked/.test(String(error)))
      throw new StoreLocked(path, { cause: error });
    throw error;
  }
  return () => {
    if (db.isOpen) db.close();
  };
}
