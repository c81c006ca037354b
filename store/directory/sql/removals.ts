import type { DirectoryRemovals } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { revokeFamilies } from './revoke.ts';
import { inTransaction } from './transaction.ts';

export const sqlRemovals = (db: Database, flavor: SqlFlavor): DirectoryRemovals => ({
  removeUser: ({ uid, id, by, at }) =>
    inTransaction(db, flavor, async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('users')
        .set({ removed_at: at, name: null, avatar: null, bio: null, password_hash: null, ban_reason: null })
        .where('uid', '=', uid)
        .where('removed_at', '=', 0)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) return undefined;
      await tx.deleteFrom('user_words').where('uid', '=', uid).execute();
      await tx.insertInto('removals').values({ uid, id, actor: by, removed_at: at }).execute();
      return revokeFamilies(tx, flavor, uid, undefined, at);
    }),

  async removedUsers(since) {
    const rows = await db.selectFrom('removals').select('uid').where('removed_at', '>=', since).execute();
    return rows.map((row) => row.uid);
  },

  async removals(after, limit) {
    const { at, uid: last } = after ?? { at: 0, uid: '' };
    const rows = await db
      .selectFrom('removals')
      .selectAll()
      .where('finished_at', '=', 0)
      .where('removed_at', '>=', at)
      .where(({ and, eb, or }) =>
        or([eb('removed_at', '>', at), and([eb('removed_at', '=', at), eb('uid', '>', last)])]),
      )
      .orderBy('removed_at')
      .orderBy('uid')
      .limit(limit)
      .execute();
    return rows.map((row) => ({ uid: row.uid, id: row.id, by: row.actor, at: row.removed_at }));
  },

  async traces(uid) {
    const rows = await db
      .selectFrom('removal_traces')
      .selectAll()
      .where('uid', '=', uid)
      .orderBy('conv')
      .execute();
    return rows.map((row) => ({ conv: row.conv, seq: row.seq, told: row.told !== 0 }));
  },

  async putTrace(uid, { conv, seq, told }) {
    const flag = told ? 1 : 0;
    await inTransaction(db, flavor, async (tx) => {
      let select = tx
        .selectFrom('removal_traces')
        .selectAll()
        .where('uid', '=', uid)
        .where('conv', '=', conv);
      if (flavor.locksRows) select = select.forUpdate();
      const known = await select.executeTakeFirst();
      if (known === undefined) {
        await tx.insertInto('removal_traces').values({ uid, conv, seq, told: flag }).execute();
        return;
      }
      await tx
        .updateTable('removal_traces')
        .set({ seq: Math.max(seq, known.seq), told: Math.max(flag, known.told) })
        .where('uid', '=', uid)
        .where('conv', '=', conv)
        .execute();
    });
  },

  async forgetUser(uid) {
    for (const table of ['devices', 'absences', 'conversation_settings'] as const)
      await db.deleteFrom(table).where('uid', '=', uid).execute();
    await db.deleteFrom('absences').where('uid', '=', uid).execute();
  },

  finishRemoval: (uid, at) =>
    inTransaction(db, flavor, async (tx) => {
      await tx.deleteFrom('removal_traces').where('uid', '=', uid).execute();
      await tx.updateTable('removals').set({ finished_at: at }).where('uid', '=', uid).execute();
    }),
});
