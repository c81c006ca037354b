import { open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const onlyOwner = 0o600;

/** Writes a file that is there as a whole or not at all, durably. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const beside = `${path}.tmp`;
  await writeDurably(beside, bytes);
  await rename(beside, path);
  await syncFolder(dirname(path));
}

/** Writes a file durably; one that was cut short is there as far as it came. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w', onlyOwner);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
