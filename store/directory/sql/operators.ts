import { sql } from 'kysely';
import type { AuditEntry, DirectoryOperators } from '../../directory.ts';
import { sqlBroadcasts } from './broadcasts.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { present } from './rows.ts';

export const sqlOperators = (db: Database, flavor: SqlFlavor): DirectoryOperators => ({
  ...sqlBroadcasts(db, flavor),

  async addAudit({ id, at, actor, action, target, detail, address, outcome }) {
    await db
      .insertInto('audit')
      .values({ id, created_at: at, actor, action, target, detail, address, outcome })
      .execute();
  },

  async settleAudit(id, outcome, target) {
    await db
      .updateTable('audit')
      .set({ outcome, ...(target !== undefined && { target }) })
      .where('id', '=', id)
      .execute();
  },

  async listAudit({ action, target, actor, below, limit }) {
    let select = db.selectFrom('audit').selectAll().where('id', '<', below);
    if (action !== undefined) select = select.where('action', '=', action);
    if (target !== undefined) select = select.where('target', '=', target);
    if (actor !== undefined) select = select.where('actor', '=', actor);
    const rows = await select.orderBy('id', 'desc').limit(limit).execute();
    return rows.map(({ created_at: at, ...row }) => present<AuditEntry>({ ...row, at }));
  },

  async pruneAudit(below) {
    const rows = await db
      .selectFrom('audit')
      .select('id')
      .where('id', '<', below)
      .orderBy('id')
      .limit(Math.min(1000, flavor.maxParameters))
      .execute();
    const ids = rows.map((row) => row.id);
    if (ids.length > 0) await db.deleteFrom('audit').where('id', 'in', ids).execute();
    return ids.length;
  },

  async usersAfter(afterUid, limit) {
    const rows = await db
      .selectFrom('users')
      .select('uid')
      .where('uid', '>', afterUid)
      .where('removed_at', '=', 0)
      .orderBy('uid')
      .limit(limit)
      .execute();
    return rows.map((row) => row.uid);
  },

  async countUsers() {
    const row = await db
      .selectFrom('users')
      .select(sql<number | string>`count(*)`.as('count'))
      .where('removed_at', '=', 0)
      .executeTakeFirstOrThrow();
    return Number(row.count);
  },
});
