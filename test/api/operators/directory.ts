import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteDirectory } from '../../../store/directory/sql/sqlite.ts';
import type { Directory } from '../../../store/directory.ts';

/** A directory in a folder of its own; `end` takes both away. */
export async function openDirectory(): Promise<{ directory: Directory; end: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-operators-'));
  const directory = await openSqliteDirectory({ dir });
  return {
    directory,
    async end() {
      await directory.close();
      await rm(dir, { recursive: true });
    },
  };
}
