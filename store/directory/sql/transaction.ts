import type { Database, SqlFlavor } from './dialect.ts';

const maxDeadlocks = 5;

/** Runs the work in a transaction, again where it lost against another one: it touches nothing but what it is given. */
export async function inTransaction<T>(
  db: Database,
  flavor: SqlFlavor,
  work: (tx: Database) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      if (attempt === maxDeadlocks || !flavor.isDeadlock(error)) throw error;
    }
  }
}
