import { PetrelError } from '../../../schemas/errors.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { inTransaction } from './transaction.ts';

/**
 * Runs the work while no other change of friendships, requests or blocks of either user runs. Throws `user.not-found`
 * where one does not exist, or no longer.
 */
export const changePair = <T>(
  db: Database,
  flavor: SqlFlavor,
  uids: readonly [string, string],
  work: (tx: Database) => Promise<T>,
): Promise<T> =>
  inTransaction(db, flavor, async (tx) => {
    // In one order for all, so that two transactions do not wait for each other.
    let select = tx.selectFrom('users').select(['uid', 'removed_at']).where('uid', 'in', uids).orderBy('uid');
    if (flavor.locksRows) select = select.forUpdate();
    const found = await select.execute();
    if (found.filter((user) => user.removed_at === 0).length < 2) throw new PetrelError('user.not-found');
    return work(tx);
  });
