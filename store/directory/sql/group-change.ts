import { chunked } from '../../chunks.ts';
import type { GroupChange, GroupRole, HistoryPolicy } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { changeJoining } from './group-joining.ts';
import { toGroup, toMember } from './group-rows.ts';

const memberColumns = 8;
const rowsInStatement = 500;

/** In `since_n`, of a member who waits: the group showed its history to all when they came. */
export const seesAll = -1;

export interface NewMembers {
  readonly gid: string;
  readonly uids: readonly string[];
  readonly role: GroupRole;
  readonly at: number;
  /** The change whose event they wait for. */
  readonly waitsFor: number;
  readonly history: HistoryPolicy;
}

export async function insertMembers(
  db: Database,
  flavor: SqlFlavor,
  { gid, uids, role, at, waitsFor, history }: NewMembers,
): Promise<void> {
  const rows = uids.map((uid) => ({
    gid,
    uid,
    role,
    joined_at: at,
    since: 0,
    since_n: history === 'all' ? seesAll : 0,
    waits_for: waitsFor,
    muted_until: 0,
  }));
  const size = Math.min(rowsInStatement, Math.floor(flavor.maxParameters / memberColumns));
  for (const chunk of chunked(rows, size)) await db.insertInto('members').values(chunk).execute();
}

/** Opens the group for a change: its row is read and, where the database needs it, locked. */
export async function groupChange(tx: Database, flavor: SqlFlavor, gid: string): Promise<GroupChange> {
  let select = tx.selectFrom('chat_groups').selectAll().where('gid', '=', gid).where('dissolved_at', '=', 0);
  if (flavor.locksRows) select = select.forUpdate();
  const row = await select.executeTakeFirst();
  const group = row && toGroup(row);
  let memberCount = row?.member_count ?? 0;
  let changes = row?.changes ?? 0;

  const setCount = (count: number) => {
    memberCount = count;
    return tx.updateTable('chat_groups').set({ member_count: count }).where('gid', '=', gid).execute();
  };
  const updateMember = (uid: string) =>
    tx.updateTable('members').where('gid', '=', gid).where('uid', '=', uid);
  const first = async (role: GroupRole) =>
    (
      await tx
        .selectFrom('members')
        .select('uid')
        .where('gid', '=', gid)
        .where('role', '=', role)
        .orderBy('joined_at')
        .orderBy('uid')
        .limit(1)
        .executeTakeFirst()
    )?.uid;

  async function strangers(uids: readonly string[]): Promise<string[]> {
    const known = new Set<string>();
    for (const chunk of chunked(uids, rowsInStatement)) {
      const rows = await tx
        .selectFrom('members')
        .select('uid')
        .where('gid', '=', gid)
        .where('uid', 'in', chunk)
        .execute();
      for (const { uid } of rows) known.add(uid);
    }
    return [...new Set(uids)].filter((uid) => !known.has(uid));
  }

  return {
    group,
    strangers,
    ...changeJoining(tx, gid),

    async member(uid) {
      const found = await tx
        .selectFrom('members')
        .selectAll()
        .where('gid', '=', gid)
        .where('uid', '=', uid)
        .executeTakeFirst();
      return found && toMember(found);
    },

    async missing(uids) {
      const known = new Set<string>();
      for (const chunk of chunked(uids, rowsInStatement)) {
        let users = tx
          .selectFrom('users')
          .select('uid')
          .where('uid', 'in', chunk)
          .where('removed_at', '=', 0);
        // A removal of the account waits for this change, and then finds the member.
        if (flavor.locksRows) users = users.forUpdate();
        for (const { uid } of await users.execute()) known.add(uid);
      }
      return uids.find((uid) => !known.has(uid));
    },

    async add(uids, role, at) {
      const added = await strangers(uids);
      if (added.length === 0) return added;
      const history = group?.history ?? 'joined';
      await insertMembers(tx, flavor, { gid, uids: added, role, at, waitsFor: changes + 1, history });
      for (const chunk of chunked(added, rowsInStatement))
        await tx.deleteFrom('join_requests').where('gid', '=', gid).where('uid', 'in', chunk).execute();
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

    async update({ name, avatar, announcement, join, muted, history }) {
      const set = {
        ...(name !== undefined && { name }),
        ...(avatar !== undefined && { avatar }),
        ...(announcement !== undefined && { announcement }),
        ...(join !== undefined && { join_policy: join }),
        ...(muted !== undefined && { muted: muted ? 1 : 0 }),
        ...(history !== undefined && { history }),
      };
      if (Object.keys(set).length > 0)
        await tx.updateTable('chat_groups').set(set).where('gid', '=', gid).execute();
    },

    async updateMember(uid, { role, nick, mutedUntil }) {
      const set = {
        ...(role !== undefined && { role }),
        ...(nick !== undefined && { nick }),
        ...(mutedUntil !== undefined && { muted_until: mutedUntil }),
      };
      if (Object.keys(set).length > 0) await updateMember(uid).set(set).execute();
    },

    async transfer(uid) {
      await updateMember(group!.owner).set({ role: 'admin' }).execute();
      await updateMember(uid).set({ role: 'owner', muted_until: 0 }).execute();
      await tx.updateTable('chat_groups').set({ owner: uid }).where('gid', '=', gid).execute();
    },

    successor: async () => (await first('admin')) ?? first('member'),

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
