import { sql } from 'kysely';
import { parseConv } from '../../../schemas/event.ts';
import { chunked } from '../../chunks.ts';
import type { DirectoryMarks } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';

const everybody = '@all';
/** Conversations asked about in one statement. */
const askedAtOnce = 100;

export const sqlMarks = (db: Database, flavor: SqlFlavor): DirectoryMarks => ({
  async addMentions({ conv, seq, n, from, uids }) {
    const mentioned = await membersOf(db, conv, uids);
    if (mentioned.length === 0) return;
    try {
      // One statement: where one of the rows is there already, all of them were written before.
      await db
        .insertInto('mentions')
        .values(mentioned.map((uid) => ({ conv, uid, n, seq, sender: from })))
        .execute();
    } catch (error) {
      if (!flavor.isDuplicate(error)) throw error;
    }
  },

  async countMentions(uid, above) {
    const counts = new Map<string, number>();
    for (const asked of chunked(above, askedAtOnce)) {
      const rows = await db
        .selectFrom('mentions')
        .select(['conv', sql<number | bigint>`count(*)`.as('count')])
        .where('uid', 'in', [uid, everybody])
        .where('sender', '!=', uid)
        .where((where) =>
          where.or(asked.map(({ conv, n }) => where.and([where('conv', '=', conv), where('n', '>', n)]))),
        )
        .groupBy('conv')
        .execute();
      for (const { conv, count } of rows) counts.set(conv, Number(count));
    }
    return above.map(({ conv }) => counts.get(conv) ?? 0);
  },

  async readMentions(conv, uid, seq) {
    const read = await db
      .selectFrom('mentions')
      .select('n')
      .where('conv', '=', conv)
      .where('uid', '=', uid)
      .where('seq', '<=', seq)
      .execute();
    // Mostly there is nothing to forget: reading costs no commit.
    if (read.length === 0) return;
    await db
      .deleteFrom('mentions')
      .where('conv', '=', conv)
      .where('uid', '=', uid)
      .where('n', '<=', Math.max(...read.map(({ n }) => n)))
      .execute();
  },

  async setPin({ conv, seq, change, by, at }) {
    const update = () =>
      db
        .updateTable('pins')
        .set({ change_seq: change, pinned_by: by, pinned_at: at })
        .where('conv', '=', conv)
        .where('seq', '=', seq)
        .where('change_seq', '<', change)
        .execute();
    try {
      await db
        .insertInto('pins')
        .values({ conv, seq, change_seq: change, pinned_by: by, pinned_at: at })
        .execute();
    } catch (error) {
      if (!flavor.isDuplicate(error)) throw error;
      await update();
    }
  },

  async removePin(conv, seq) {
    await db.deleteFrom('pins').where('conv', '=', conv).where('seq', '=', seq).execute();
  },

  async pins(conv, before, limit) {
    const rows = await db
      .selectFrom('pins')
      .selectAll()
      .where('conv', '=', conv)
      .where('change_seq', '<', before)
      .orderBy('change_seq', 'desc')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      conv,
      seq: row.seq,
      change: row.change_seq,
      by: row.pinned_by,
      at: row.pinned_at,
    }));
  },

  async removeMarks(conv, seq) {
    for (const table of ['mentions', 'pins'] as const) {
      const found = await db
        .selectFrom(table)
        .select('seq')
        .where('conv', '=', conv)
        .where('seq', '=', seq)
        .limit(1)
        .executeTakeFirst();
      if (found === undefined) continue;
      await db.deleteFrom(table).where('conv', '=', conv).where('seq', '=', seq).execute();
    }
  },
});

/** Those of the uids whom a mention in the conversation can concern. */
async function membersOf(db: Database, id: string, uids: readonly string[]): Promise<readonly string[]> {
  if (uids.includes(everybody)) return [everybody];
  const conv = parseConv(id);
  const distinct = [...new Set(uids)];
  if (conv?.kind !== 'group') return distinct.filter((uid) => uid === conv?.a || uid === conv?.b);
  if (distinct.length === 0) return [];
  const rows = await db
    .selectFrom('members')
    .select('uid')
    .where('gid', '=', conv.gid)
    .where('uid', 'in', distinct)
    .where('since', '>', 0)
    .execute();
  return rows.map(({ uid }) => uid);
}
