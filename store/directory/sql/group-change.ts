import type { GroupChange, GroupRole } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { toGroup, toMember } from './group-rows.ts';
import { chunked } from './rows.ts';

const memberColumns = 8;

export async function addMembers(
  tx: Database,
  flavor: SqlFlavor,
  gid: string,
  uids: readonly string[],
  role: GroupRole,
  at: number,
  waitsFor: number,
): Promise<void> {
  const rows = uids.map((uid) => ({
    gid,
    uid,
    role,
    joined_at: at,
    since: 0,
    since_n: 0,
    waits_for: waitsFor,
    muted_until: 0,
  }));
  const size = Math.min(500, Math.floor(flavor.maxParameters / memberColumns));
  for (const chunk of chunked(rows, size)) await tx.insertInto('members').values(chunk).execute();
}

/** Opens the group for a change: its row is read and, where the database needs it, locked. */
export async function groupChange(tx: Database, flavor: SqlFlavor, gid: string): Promise<GroupChange> {
  let select = tx.selectFrom('chat_groups').selectAll().where('gid', '=', gid).where('dissolved_at', '=', 0);
  if (flavor.locksRows) select = select.forUpdate();
  const row = await select.executeTakeFirst();
  let memberCount = row?.member_count ?? 0;
  let changes = row?.changes ?? 0;

  const setCount = (count: number) => {
    memberCount = count;
    return tx.updateTable('chat_groups').set({ member_count: count }).where('gid', '=', gid).execute();
  };

  return {
    group: row && toGroup(row),

    async member(uid) {
      const found = await tx
        .selectFrom('members')
        .selectAll()
        .where('gid', '=', gid)
        .where('uid', '=', uid)
        .executeTakeFirst();
      return found && toMember(found);
    },

    async add(uids, role, at) {
      const known = new Set<string>();
      for (const chunk of chunked(uids, flavor.maxParameters - 1)) {
        const rows = await tx
          .selectFrom('members')
          .select('uid')
          .where('gid', '=', gid)
          .where('uid', 'in', chunk)
          .execute();
        for (const { uid } of rows) known.add(uid);
      }
      const added = [...new Set(uids)].filter((uid) => !known.has(uid));
      if (added.length === 0) return added;
      await addMembers(tx, flavor, gid, added, role, at, changes + 1);
      await setCount(memberCount + added.length);
      return added;
    },

    async remove(uid) {
      const { numDeletedRows } = await tx
        .deleteFrom('members')
        .where('gid', '=', gid)
        .where('uid', '=', uid)
        .executeTakeFirstOrThrow();
      if (numDeletedRows === 0n) return false;
      await setCount(memberCount - 1);
      return true;
    },

    async dissolve(at) {
      await tx.updateTable('chat_groups').set({ dissolved_at: at }).where('gid', '=', gid).execute();
    },

    async owe({ id, from, raw }) {
      changes += 1;
      await tx.updateTable('chat_groups').set({ changes }).where('gid', '=', gid).execute();
      await tx.insertInto('outbox').values({ gid, change_no: changes, id, sender: from, raw }).execute();
    },
  };
}
