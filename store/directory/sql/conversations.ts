import { type Selectable, sql, type Updateable } from 'kysely';
import { chunked } from '../../chunks.ts';
import type { ConversationSettings, DirectoryConversations, Peer, SettingsChange } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { prepared } from './prepared.ts';
import type { ConversationSettingsTable } from './schema.ts';

const toSettings = (row: Selectable<ConversationSettingsTable>): ConversationSettings => ({
  conv: row.conv,
  pinnedAt: row.pinned_at,
  mutedUntil: row.muted_until,
  ...(row.hidden_n !== null && { hiddenN: row.hidden_n }),
  ...(row.draft !== null && { draft: { text: row.draft, at: row.draft_at } }),
  markedUnread: row.marked_unread !== 0,
  clearedSeq: row.cleared_seq,
  clearedN: row.cleared_n,
});

/** The columns a change sets as they are; `pinned_at` and `cleared_…` depend on what is there. */
const plainColumns = (
  change: SettingsChange,
): Omit<Updateable<ConversationSettingsTable>, 'uid' | 'conv'> => ({
  ...(change.mutedUntil !== undefined && { muted_until: change.mutedUntil }),
  ...(change.hiddenN !== undefined && { hidden_n: change.hiddenN }),
  ...(change.draft !== undefined && { draft: change.draft?.text ?? null, draft_at: change.draft?.at ?? 0 }),
  ...(change.markedUnread !== undefined && { marked_unread: change.markedUnread ? 1 : 0 }),
});

export function sqlConversations(db: Database, flavor: SqlFlavor): DirectoryConversations {
  const one = prepared(db, ['uid', 'conv'], ({ uid, conv }) =>
    db.selectFrom('conversation_settings').selectAll().where('uid', '=', uid).where('conv', '=', conv),
  );

  const place = prepared(db, ['gid', 'uid'], ({ gid, uid }) =>
    db
      .selectFrom('members as m')
      .innerJoin('chat_groups as g', 'g.gid', 'm.gid')
      .select(['m.since', 'm.since_n'])
      .where('m.gid', '=', gid)
      .where('m.uid', '=', uid)
      .where('m.since', '>', 0)
      .where('g.dissolved_at', '=', 0),
  );

  const settings = async (uid: string, conv: string): Promise<ConversationSettings | undefined> => {
    const [row] = await one({ uid, conv });
    return row && toSettings(row);
  };

  const update = async (uid: string, conv: string, change: SettingsChange): Promise<void> => {
    const { pinnedAt, cleared } = change;
    const plain = plainColumns(change);
    await db
      .updateTable('conversation_settings')
      .set((row) => ({
        ...plain,
        ...(pinnedAt === 0 && { pinned_at: 0 }),
        ...(pinnedAt && {
          pinned_at: row.case().when('pinned_at', '=', 0).then(pinnedAt).else(row.ref('pinned_at')).end(),
        }),
        // Each column by itself: MySQL's later expressions see what the earlier ones set.
        ...(cleared && {
          cleared_seq: row
            .case()
            .when('cleared_seq', '<', cleared.seq)
            .then(cleared.seq)
            .else(row.ref('cleared_seq'))
            .end(),
          cleared_n: row
            .case()
            .when('cleared_n', '<', cleared.n)
            .then(cleared.n)
            .else(row.ref('cleared_n'))
            .end(),
        }),
      }))
      .where('uid', '=', uid)
      .where('conv', '=', conv)
      .execute();
  };

  return {
    settings,

    async settingsOf(uid) {
      const rows = await db.selectFrom('conversation_settings').selectAll().where('uid', '=', uid).execute();
      return rows.map(toSettings);
    },

    async countSettings(uid) {
      const row = await db
        .selectFrom('conversation_settings')
        .select(sql<number | bigint>`count(*)`.as('count'))
        .where('uid', '=', uid)
        .executeTakeFirstOrThrow();
      return Number(row.count);
    },

    async changeSettings(uid, conv, change) {
      if ((await one({ uid, conv })).length > 0) await update(uid, conv, change);
      else {
        try {
          await db
            .insertInto('conversation_settings')
            .values({
              uid,
              conv,
              ...plainColumns(change),
              pinned_at: change.pinnedAt ?? 0,
              cleared_seq: change.cleared?.seq ?? 0,
              cleared_n: change.cleared?.n ?? 0,
            })
            .execute();
        } catch (error) {
          if (!flavor.isDuplicate(error)) throw error;
          await update(uid, conv, change);
        }
      }
      return (await settings(uid, conv))!;
    },

    async clearMark(uid, conv) {
      const [row] = await one({ uid, conv });
      if (row === undefined || row.marked_unread === 0) return false;
      await update(uid, conv, { markedUnread: false });
      return true;
    },

    async clearedOf(uid) {
      return db
        .selectFrom('conversation_settings')
        .select(['conv', 'cleared_seq as seq'])
        .where('uid', '=', uid)
        .where('cleared_seq', '>', 0)
        .execute();
    },

    async peers(uids) {
      const found = new Map<string, Peer>();
      for (const chunk of chunked(uids, flavor.maxParameters)) {
        const rows = await db
          .selectFrom('users')
          .select(['uid', 'name', 'read_receipts'])
          .where('uid', 'in', chunk)
          .execute();
        for (const { uid, name, read_receipts: shown } of rows)
          found.set(uid, { ...(name !== null && { name }), readReceipts: shown !== 0 });
      }
      return found;
    },

    async groupNames(gids) {
      const found = new Map<string, string>();
      for (const chunk of chunked(gids, flavor.maxParameters)) {
        const rows = await db
          .selectFrom('chat_groups')
          .select(['gid', 'name'])
          .where('gid', 'in', chunk)
          .execute();
        for (const { gid, name } of rows) found.set(gid, name);
      }
      return found;
    },

    async placeIn(gid, uid) {
      const [row] = await place({ gid, uid });
      return row && { since: row.since, sinceN: row.since_n };
    },

    async readersOf(gid, seq, afterUid, limit) {
      const rows = await db
        .selectFrom('members as m')
        .innerJoin('users as u', 'u.uid', 'm.uid')
        .select(['m.uid', 'u.read_receipts'])
        .where('m.gid', '=', gid)
        .where('m.uid', '>', afterUid)
        .where('m.since', '>', 0)
        .where('m.since', '<=', seq)
        .orderBy('m.uid')
        .limit(limit)
        .execute();
      return rows.map((row) => ({ uid: row.uid, readReceipts: row.read_receipts !== 0 }));
    },
  };
}
