import { closeSync, openSync } from 'node:fs';
import { ClientError } from '../../errors.ts';

const busy = 5;

/**
 * Takes the lock file for this process until the answered function is called or the process ends, however it ends: the
 * lock is one of the kernel's, which SQLite holds. Rejects at once where another process, or this one, has it.
 */
export async function lock(path: string): Promise<() => void> {
  const { DatabaseSync } = await import('@photostructure/sqlite');
  makeFile(path);
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('pragma journal_mode = memory; begin exclusive');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode !== busy && !/locked/.test(String(error))) throw error;
    throw new ClientError('client.storage', `${path} is locked: another process uses this storage.`, {
      cause: error,
    });
  }
  return () => {
    if (database.isOpen) database.close();
  };
}

/** One that is there is not opened: closing any descriptor of a file gives up all locks that the process has on it. */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
