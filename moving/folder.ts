import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFile, StoreLocked } from '../store/lock.ts';
import { MovingError } from './errors.ts';

const lockName = 'lock';

/** Files that are there whatever else is: the lock, and what a file system puts into its root. */
const besides: ReadonlySet<string> = new Set([lockName, 'lost+found']);

/** Makes the folder of an export, for its owner alone: passwords' hashes and signing keys will be in it. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

/** Keeps other processes from moving by the same folder. Answers a function that lets them again. */
export function holdFolder(folder: string): () => void {
  try {
    return lockFile(join(folder, lockName));
  } catch (error) {
    if (error instanceof StoreLocked)
      throw new MovingError(`another process exports to ${folder} or imports from it`);
    throw error;
  }
}

export const isEmptyFolder = async (folder: string): Promise<boolean> =>
  (await readdir(folder)).every((name) => besides.has(name));
