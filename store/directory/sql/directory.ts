import { sql } from 'kysely';
import { PetrelError } from '../../../schemas/errors.ts';
import type { Directory } from '../../directory.ts';
import type { DirectoryTransfer } from '../../transfer.ts';
import { sqlConversations } from './conversations.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { sqlFacts } from './facts.ts';
import { sqlFriends } from './friends.ts';
import { sqlGroups } from './groups.ts';
import { sqlKeys } from './keys.ts';
import { sqlMarks } from './marks.ts';
import { migrate } from './migrations.ts';
import { sqlOperators } from './operators.ts';
import { sqlRemovals } from './removals.ts';
import { sqlSessions } from './sessions.ts';
import { sqlTransfer } from './transfer.ts';
import { sqlUsers } from './users.ts';

/** A directory over any database that Kysely and the flavor know; the tables are made or brought up to date first. */
export async function openSqlDirectory(
  db: Database,
  flavor: SqlFlavor,
): Promise<Directory & DirectoryTransfer> {
  await migrate(db, flavor);
  let closed: Promise<void> | undefined;
  const { tables, ...transfer } = sqlTransfer(db, flavor);
  const methods = {
    ...sqlFacts(db),
    ...sqlUsers(db, flavor),
    ...sqlRemovals(db, flavor),
    ...sqlSessions(db, flavor),
    ...sqlKeys(db),
    ...sqlFriends(db, flavor),
    ...sqlGroups(db, flavor),
    ...sqlConversations(db, flavor),
    ...sqlMarks(db, flavor),
    ...sqlOperators(db, flavor),
    ...transfer,
    async check() {
      await sql`select 1`.execute(db);
    },
  };
  return {
    tables,
    ...available(methods, flavor, () => closed === undefined),
    close() {
      closed ??= db.destroy();
      return closed;
    },
  };
}

/** The methods, which reject with `store.unavailable` where the database is away, and after the end. */
function available<T extends object>(methods: T, flavor: SqlFlavor, isOpen: () => boolean): T {
  const guarded = Object.entries(methods as Record<string, (...args: unknown[]) => Promise<unknown>>).map(
    ([name, method]) => [
      name,
      async (...args: unknown[]) => {
        if (!isOpen()) throw new PetrelError('store.unavailable');
        try {
          return await method(...args);
        } catch (cause) {
          throw flavor.isUnavailable(cause)
            ? new PetrelError('store.unavailable', undefined, { cause })
            : cause;
        }
      },
    ],
  );
  return Object.fromEntries(guarded) as T;
}
