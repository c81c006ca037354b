import type { DirectoryGroups, Group, GroupChange, GroupRole, Member } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { addMembers, groupChange } from './group-change.ts';
import { toGroup, toMember } from './group-rows.ts';
import { chunked } from './rows.ts';

const maxDeadlocks = 5;

export function sqlGroups(db: Database, flavor: SqlFlavor): DirectoryGroups {
  const inTransaction = async <T>(work: (tx: Database) => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await db.transaction().execute(work);
      } catch (error) {
        if (attempt === maxDeadlocks || !flavor.isDeadlock(error)) throw error;
      }
    }
  };

  return {
    async createGroup(group, members, { id, from, raw }) {
      const { gid, name, owner, avatar, announcement, join, muted, history, createdAt } = group;
      await inTransaction(async (tx) => {
        await tx
          .insertInto('chat_groups')
          .values({
            gid,
            name,
            owner,
            avatar,
            announcement,
            join_policy: join,
            muted: muted ? 1 : 0,
            history,
            member_count: members.length + 1,
            created_at: createdAt,
            changes: 1,
          })
          .execute();
        await addMembers(tx, flavor, gid, [owner], 'owner', createdAt, 1);
        await addMembers(tx, flavor, gid, members, 'member', createdAt, 1);
        await tx.insertInto('outbox').values({ gid, change_no: 1, id, sender: from, raw }).execute();
      });
    },

    async getGroup(gid): Promise<Group | undefined> {
      const row = await db
        .selectFrom('chat_groups')
        .selectAll()
        .where('gid', '=', gid)
        .where('dissolved_at', '=', 0)
        .executeTakeFirst();
      return row && toGroup(row);
    },

    async listGroups(uid, afterGid, limit) {
      const rows = await db
        .selectFrom('members as m')
        .innerJoin('chat_groups as g', 'g.gid', 'm.gid')
        .selectAll('g')
        .select('m.role')
        .where('m.uid', '=', uid)
        .where('m.gid', '>', afterGid)
        .where('g.dissolved_at', '=', 0)
        .orderBy('m.gid')
        .limit(limit)
        .execute();
      return rows.map((row) => ({ group: toGroup(row), role: row.role as GroupRole }));
    },

    async getMember(gid, uid): Promise<Member | undefined> {
      const row = await db
        .selectFrom('members')
        .selectAll()
        .where('gid', '=', gid)
        .where('uid', '=', uid)
        .executeTakeFirst();
      return row && toMember(row);
    },

    async listMembers(gid, afterUid, limit) {
      const rows = await db
        .selectFrom('members')
        .selectAll()
        .where('gid', '=', gid)
        .where('uid', '>', afterUid)
        .orderBy('uid')
        .limit(limit)
        .execute();
      return rows.map(toMember);
    },

    changeGroup: <T>(gid: string, change: (group: GroupChange) => Promise<T>) =>
      inTransaction(async (tx) => change(await groupChange(tx, flavor, gid))),

    async owingGroups(limit) {
      const rows = await db.selectFrom('outbox').select('gid').distinct().limit(limit).execute();
      return rows.map((row) => row.gid);
    },

    async owed(gid, limit) {
      const rows = await db
        .selectFrom('outbox')
        .selectAll()
        .where('gid', '=', gid)
        .orderBy('change_no')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        gid: row.gid,
        change: row.change_no,
        id: row.id,
        from: row.sender,
        raw: row.raw,
      }));
    },

    async settle(gid, change, { seq, n }) {
      return inTransaction(async (tx) => {
        const group = await tx
          .selectFrom('chat_groups')
          .select('history')
          .where('gid', '=', gid)
          .executeTakeFirst();
        const since = group?.history === 'all' ? 1 : seq;
        await tx
          .updateTable('members')
          .set({ since, since_n: n, waits_for: 0 })
          .where('gid', '=', gid)
          .where('waits_for', '=', change)
          .execute();
        return since;
      });
    },

    async finishDissolve(gid, limit) {
      const rows = await db
        .selectFrom('members')
        .select('uid')
        .where('gid', '=', gid)
        .orderBy('uid')
        .limit(limit)
        .execute();
      const uids = rows.map((row) => row.uid);
      for (const chunk of chunked(uids, flavor.maxParameters - 1))
        await db.deleteFrom('members').where('gid', '=', gid).where('uid', 'in', chunk).execute();
      return uids;
    },

    async forget(gid, change) {
      await db.deleteFrom('outbox').where('gid', '=', gid).where('change_no', '=', change).execute();
    },
  };
}
