import type { Selectable } from 'kysely';
import { chunked } from '../../chunks.ts';
import type { Broadcast, BroadcastKind, BroadcastState, DirectoryOperators } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import type { BroadcastsTable } from './schema.ts';

type Methods =
  | 'createBroadcast'
  | 'getBroadcast'
  | 'listBroadcasts'
  | 'broadcastPage'
  | 'claimBroadcasts'
  | 'advanceBroadcast'
  | 'finishBroadcast'
  | 'pruneBroadcasts';

const pageColumns = 3;

const toBroadcast = (row: Selectable<BroadcastsTable>): Broadcast => ({
  id: row.id,
  messageId: row.message_id,
  from: row.sender,
  payload: row.payload,
  kind: row.kind as BroadcastKind,
  state: row.state as BroadcastState,
  total: row.total,
  sent: row.sent,
  failed: row.failed,
  position: row.position,
  createdAt: row.created_at,
  finishedAt: row.finished_at,
});

export const sqlBroadcasts = (db: Database, flavor: SqlFlavor): Pick<DirectoryOperators, Methods> => ({
  async createBroadcast({ id, messageId, from, payload, kind, total, createdAt }, pages) {
    try {
      await db.transaction().execute(async (tx) => {
        await tx
          .insertInto('broadcasts')
          .values({
            id,
            message_id: messageId,
            sender: from,
            payload,
            kind,
            state: 'running',
            total,
            position: '',
            created_at: createdAt,
          })
          .execute();
        const rows = pages.map((targets, page) => ({ id, page, targets: JSON.stringify(targets) }));
        for (const chunk of chunked(rows, Math.min(100, Math.floor(flavor.maxParameters / pageColumns))))
          await tx.insertInto('broadcast_pages').values(chunk).execute();
      });
      return true;
    } catch (error) {
      if (flavor.isDuplicate(error)) return false;
      throw error;
    }
  },

  async getBroadcast(id) {
    const row = await db.selectFrom('broadcasts').selectAll().where('id', '=', id).executeTakeFirst();
    return row && toBroadcast(row);
  },

  async listBroadcasts(before, limit) {
    let select = db.selectFrom('broadcasts').selectAll();
    if (before !== undefined)
      select = select.where((where) =>
        where.or([
          where('created_at', '<', before.createdAt),
          where.and([where('created_at', '=', before.createdAt), where('id', '<', before.id)]),
        ]),
      );
    const rows = await select.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
    return rows.map(toBroadcast);
  },

  async broadcastPage(id, page) {
    const row = await db
      .selectFrom('broadcast_pages')
      .select('targets')
      .where('id', '=', id)
      .where('page', '=', page)
      .executeTakeFirst();
    return row === undefined ? [] : (JSON.parse(row.targets) as string[]);
  },

  async claimBroadcasts(owner, now, until, limit) {
    const free = await db
      .selectFrom('broadcasts')
      .selectAll()
      .where('state', '=', 'running')
      .where('lease_until', '<=', now)
      .orderBy('created_at')
      .limit(limit)
      .execute();
    const claimed: Broadcast[] = [];
    for (const { id } of free) {
      const { numUpdatedRows } = await db
        .updateTable('broadcasts')
        .set({ lease_owner: owner, lease_until: until })
        .where('id', '=', id)
        .where('state', '=', 'running')
        .where('lease_until', '<=', now)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows !== 1n) continue;
      // Read again: whoever held it may have come further since.
      const row = await db.selectFrom('broadcasts').selectAll().where('id', '=', id).executeTakeFirst();
      if (row !== undefined) claimed.push(toBroadcast(row));
    }
    return claimed;
  },

  async advanceBroadcast(id, owner, { position, sent, failed }, until) {
    await db
      .updateTable('broadcasts')
      .set((column) => ({
        position,
        sent: column('sent', '+', sent),
        failed: column('failed', '+', failed),
        lease_until: until,
      }))
      .where('id', '=', id)
      .where('lease_owner', '=', owner)
      .execute();
    const row = await db
      .selectFrom('broadcasts')
      .select('state')
      .where('id', '=', id)
      .where('lease_owner', '=', owner)
      .executeTakeFirst();
    return row?.state as BroadcastState | undefined;
  },

  async finishBroadcast(id, state, at, owner) {
    return db.transaction().execute(async (tx) => {
      let update = tx
        .updateTable('broadcasts')
        .set({ state, finished_at: at })
        .where('id', '=', id)
        .where('state', '=', 'running');
      if (owner !== undefined) update = update.where('lease_owner', '=', owner);
      const { numUpdatedRows } = await update.executeTakeFirstOrThrow();
      if (numUpdatedRows !== 1n) return false;
      await tx.deleteFrom('broadcast_pages').where('id', '=', id).execute();
      return true;
    });
  },

  async pruneBroadcasts(before) {
    const rows = await db
      .selectFrom('broadcasts')
      .select('id')
      .where('state', '!=', 'running')
      .where('finished_at', '<', before)
      .limit(Math.min(1000, flavor.maxParameters))
      .execute();
    const ids = rows.map((row) => row.id);
    if (ids.length > 0) await db.deleteFrom('broadcasts').where('id', 'in', ids).execute();
    return ids.length;
  },
});
