import { Migrator } from 'kysely';
import type { Database, SqlFlavor } from './dialect.ts';
import { first } from './migrations/0001-first.ts';
import { accounts } from './migrations/0002-accounts.ts';
import { friends } from './migrations/0003-friends.ts';
import { groups } from './migrations/0004-groups.ts';
import { conversations } from './migrations/0005-conversations.ts';
import { operators } from './migrations/0006-operators.ts';
import { devices } from './migrations/0007-devices.ts';
import { marks } from './migrations/0008-marks.ts';

/** Brings the tables to this version of Petrel; what a later version made is left as it is and refused. */
export async function migrate(db: Database, flavor: SqlFlavor): Promise<void> {
  const migrations = {
    '0001-first': first(flavor),
    '0002-accounts': accounts(flavor),
    '0003-friends': friends(flavor),
    '0004-groups': groups(flavor),
    '0005-conversations': conversations(flavor),
    '0006-operators': operators(flavor),
    '0007-devices': devices(flavor),
    '0008-marks': marks(flavor),
  };
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    migrationTableName: 'petrel_migrations',
    migrationLockTableName: 'petrel_migrations_lock',
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
