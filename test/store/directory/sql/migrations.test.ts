import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Kysely, Migrator } from 'kysely';
import type { SqlFlavor } from '../../../../store/directory/sql/dialect.ts';
import { first } from '../../../../store/directory/sql/migrations/0001-first.ts';
import type { DirectoryTables } from '../../../../store/directory/sql/schema.ts';
import { openSqliteDirectory } from '../../../../store/directory/sql/sqlite.ts';
import { sqliteDialect } from '../../../../store/sqlite/dialect.ts';

const flavor: Pick<SqlFlavor, 'types'> = {
  types: { id: () => 'text', text: () => 'text', longText: 'text' },
};

describe('a directory of the first version', () => {
  it('has its users again after the migration, who are found by a search', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'petrel-migrations-'));
    try {
      const db = new Kysely<DirectoryTables>({ dialect: sqliteDialect(join(dir, 'directory.db')) });
      const { error } = await new Migrator({
        db,
        provider: { getMigrations: async () => ({ '0001-first': first(flavor as SqlFlavor) }) },
        migrationTableName: 'petrel_migrations',
        migrationLockTableName: 'petrel_migrations_lock',
      }).migrateToLatest();
      assert.equal(error, undefined);
      const users = Array.from({ length: 2500 }, (_, i) => ({
        uid: `user-${i}`,
        name: i % 2 === 0 ? `Wren ${i}` : null,
        created_at: i,
        origin: 'registered',
      }));
      for (let i = 0; i < users.length; i += 500)
        await db
          .insertInto('users')
          .values(users.slice(i, i + 500))
          .execute();
      await db.destroy();

      const directory = await openSqliteDirectory({ dir });
      const found = async (text: string) =>
        (await directory.searchUsers({ text, asker: 'user-0', limit: 5000 })).length;
      assert.deepEqual([await found('user'), await found('wren'), await found('2498')], [2500, 1250, 1]);
      assert.deepEqual(await directory.getUser('user-2'), {
        uid: 'user-2',
        name: 'Wren 2',
        createdAt: 2,
        bannedUntil: 0,
        origin: 'registered',
        discoverable: true,
        readReceipts: true,
        invisible: false,
      });
      await directory.close();
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
