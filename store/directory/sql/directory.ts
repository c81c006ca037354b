import { sql } from 'kysely';
import type { Directory } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { sqlFacts } from './facts.ts';
import { sqlGroups } from './groups.ts';
import { sqlKeys } from './keys.ts';
import { migrate } from './migrations.ts';
import { sqlSessions } from './sessions.ts';
import { sqlUsers } from './users.ts';

/** A directory over any database that Kysely and the flavor know; the tables are made or brought up to date first. */
export async function openSqlDirectory(db: Database, flavor: SqlFlavor): Promise<Directory> {
  await migrate(db, flavor);
  return {
    ...sqlFacts(db),
    ...sqlUsers(db, flavor),
    ...sqlSessions(db, flavor),
    ...sqlKeys(db),
    ...sqlGroups(db, flavor),
    async check() {
      await sql`select 1`.execute(db);
    },
    close: () => db.destroy(),
  };
}
