import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Kysely } from 'kysely';
import type { Directory } from '../../directory.ts';
import { SqliteError } from '../../sqlite/connection.ts';
import { sqliteDialect } from '../../sqlite/dialect.ts';
import type { DirectoryTransfer } from '../../transfer.ts';
import type { SqlFlavor } from './dialect.ts';
import { openSqlDirectory } from './directory.ts';
import type { DirectoryTables } from './schema.ts';

const primaryKey = 1555;
const unique = 2067;

const sqlite: SqlFlavor = {
  isDuplicate: (error) =>
    error instanceof SqliteError && (error.code === primaryKey || error.code === unique),
  isDeadlock: () => false,
  // The connection tells it itself.
  isUnavailable: () => false,
  locksRows: false,
  maxParameters: 10_000,
  types: { id: () => 'text', text: () => 'text', longText: 'text' },
};

/** Opens the embedded directory, `directory.db` in the folder; both are made where they are missing. */
export async function openSqliteDirectory({
  dir,
}: {
  readonly dir: string;
}): Promise<Directory & DirectoryTransfer> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const db = new Kysely<DirectoryTables>({ dialect: sqliteDialect(join(dir, 'directory.db')) });
  try {
    return await openSqlDirectory(db, sqlite);
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
