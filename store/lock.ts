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
 * Takes the lock file for this process until the answered function is called or the process ends, however it ends: the
 * lock is one of the kernel's, which SQLite holds. Throws StoreLocked at once where it is taken.
 */
export function lockFile(path: string): () => void {
  closeSync(openSync(path, 'a', 0o600));
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
