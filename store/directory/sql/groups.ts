import { chunked } from '../../chunks.ts';
import type { DirectoryGroups, Group, GroupChange, GroupRole, Member } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { groupChange, insertMembers, seesAll } from './group-change.ts';
import { sqlJoining } from './group-joining.ts';
import { toGroup, toMember } from './group-rows.ts';
import { inTransaction } from './transaction.ts';

/** So many members at once: what else wants the database waits no longer than for these. */
const chunkSize = 500;

export function sqlGroups(db: Database, flavor: SqlFlavor): DirectoryGroups {
  type MembersQuery = ReturnType<typeof membersOf>;
  const membersOf = (gid: string) => db.selectFrom('members').select('uid').where('gid', '=', gid);

  /** Works on the members of a group that `wanted` takes, some at a time. */
  async function byUid(
    gid: string,
    wanted: (members: MembersQuery) => MembersQuery,
    work: (uids: string[]) => Promise<unknown>,
  ): Promise<void> {
    for (let after = ''; ; ) {
      const rows = await wanted(membersOf(gid))
        .where('uid', '>', after)
        .orderBy('uid')
        .limit(chunkSize)
        .execute();
      if (rows.length > 0) await work(rows.map(({ uid }) => uid));
      if (rows.length < chunkSize) return;
      after = rows.at(-1)!.uid;
    }
  }

  return {
    ...sqlJoining(db, chunkSize),

    async createGroup(group, members, { id, from, raw }) {
      const { gid, name, owner, avatar, announcement, join, muted, history, createdAt } = group;
      const added = { gid, at: createdAt, waitsFor: 1, history };
      // Nobody sees members of a group that is not there: the many go in beforehand, a few at a time.
      for (const uids of chunked(members, chunkSize))
        await insertMembers(db, flavor, { ...added, uids, role: 'member' });
      await inTransaction(db, flavor, async (tx) => {
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
        await insertMembers(tx, flavor, { ...added, uids: [owner], role: 'owner' });
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

    async managersOf(gid) {
      const rows = await db
        .selectFrom('members')
        .select('uid')
        .where('gid', '=', gid)
        .where('role', 'in', ['owner', 'admin'])
        .execute();
      return rows.map((row) => row.uid);
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
      inTransaction(db, flavor, async (tx) => change(await groupChange(tx, flavor, gid))),

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
      await byUid(
        gid,
        (members) => members.where('waits_for', '=', change),
        (uids) =>
          db
            .updateTable('members')
            // In this order: MySQL sees what was set before.
            .set((set) => ({
              since: set.case().when('since_n', '=', seesAll).then(1).else(seq).end(),
              since_n: n,
              waits_for: 0,
            }))
            .where('gid', '=', gid)
            .where('waits_for', '=', change)
            .where('uid', 'in', uids)
            .execute(),
      );
    },

    async openHistory(gid) {
      await byUid(
        gid,
        (members) => members.where('since', '>', 1),
        (uids) =>
          db
            .updateTable('members')
            .set({ since: 1 })
            .where('gid', '=', gid)
            .where('uid', 'in', uids)
            .execute(),
      );
    },

    async forget(gid, change) {
      await db.deleteFrom('outbox').where('gid', '=', gid).where('change_no', '=', change).execute();
    },
  };
}
