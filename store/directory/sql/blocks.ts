import type { BlockedUser, DirectoryFriends } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { changePair } from './people.ts';
import { present } from './rows.ts';

export const sqlBlocks = (
  db: Database,
  flavor: SqlFlavor,
): Pick<DirectoryFriends, 'listBlocks' | 'addBlock' | 'removeBlock'> => ({
  async listBlocks(uid, afterUid, limit) {
    const rows = await db
      .selectFrom('blocks as b')
      .leftJoin('users as u', 'u.uid', 'b.blocked')
      .select(['b.blocked as uid', 'u.name', 'b.created_at as since'])
      .where('b.uid', '=', uid)
      .where('b.blocked', '>', afterUid)
      .orderBy('b.blocked')
      .limit(limit)
      .execute();
    return rows.map((row) => present<BlockedUser>(row));
  },

  addBlock: (uid, blocked, at) =>
    changePair(db, flavor, [uid, blocked], async (tx) => {
      await tx
        .updateTable('friend_requests')
        .set({ state: 'declined', decided_at: at })
        .where('from_uid', '=', blocked)
        .where('to_uid', '=', uid)
        .where('state', '=', 'pending')
        .execute();
      const known = await tx
        .selectFrom('blocks')
        .select('created_at')
        .where('uid', '=', uid)
        .where('blocked', '=', blocked)
        .executeTakeFirst();
      if (known !== undefined) return false;
      await tx.insertInto('blocks').values({ uid, blocked, created_at: at }).execute();
      return true;
    }),

  async removeBlock(uid, blocked) {
    const { numDeletedRows } = await db
      .deleteFrom('blocks')
      .where('uid', '=', uid)
      .where('blocked', '=', blocked)
      .executeTakeFirstOrThrow();
    return numDeletedRows > 0n;
  },
});
