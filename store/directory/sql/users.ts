import type { Selectable } from 'kysely';
import { chunked } from '../../chunks.ts';
import type { DirectoryUsers, NewUser, User, UserOrigin } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { revokeFamilies } from './revoke.ts';
import { present } from './rows.ts';
import type { UsersTable } from './schema.ts';
import { sqlSearch } from './search.ts';
import { inTransaction } from './transaction.ts';
import { insertWords } from './words-table.ts';

const userColumns = 7;

/** Those of the uids that are taken; `removed` says whether a user who was removed counts. */
async function existing(
  db: Database,
  flavor: SqlFlavor,
  uids: readonly string[],
  removed: boolean,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (const chunk of chunked(uids, flavor.maxParameters - 1)) {
    let select = db.selectFrom('users').select('uid').where('uid', 'in', chunk);
    if (!removed) select = select.where('removed_at', '=', 0);
    for (const { uid } of await select.execute()) found.add(uid);
  }
  return found;
}

/** The one way by which users come into the directory. */
async function insertUsers(tx: Database, flavor: SqlFlavor, users: readonly NewUser[]): Promise<void> {
  const rows = users.map(({ uid, name, avatar, bio, passwordHash, createdAt, origin }) => ({
    uid,
    name: name ?? null,
    avatar: avatar ?? null,
    bio: bio ?? null,
    password_hash: passwordHash ?? null,
    created_at: createdAt,
    origin,
  }));
  for (const chunk of chunked(rows, Math.floor(flavor.maxParameters / userColumns)))
    await tx.insertInto('users').values(chunk).execute();
  await insertWords(
    tx,
    flavor,
    users.map((user) => ({ ...user, discoverable: true })),
  );
}

const toUser = (row: Selectable<UsersTable>): User =>
  present<User>({
    uid: row.uid,
    name: row.name,
    avatar: row.avatar,
    bio: row.bio,
    passwordHash: row.password_hash,
    createdAt: row.created_at,
    bannedUntil: row.banned_until,
    banReason: row.ban_reason,
    origin: row.origin as UserOrigin,
    discoverable: row.discoverable !== 0,
    readReceipts: row.read_receipts !== 0,
    invisible: row.invisible !== 0,
    removedAt: row.removed_at === 0 ? null : row.removed_at,
  });

/** Makes those that are missing, the removed not among them; answers them. */
async function insertMissing(db: Database, flavor: SqlFlavor, users: readonly NewUser[]): Promise<string[]> {
  for (;;) {
    const uids = users.map(({ uid }) => uid);
    const found = await existing(db, flavor, uids, true);
    const missing = users.filter(({ uid }) => !found.has(uid));
    if (missing.length === 0) return [];
    try {
      await inTransaction(db, flavor, (tx) => insertUsers(tx, flavor, missing));
      return missing.map(({ uid }) => uid);
    } catch (error) {
      // Another node made one of them meanwhile: look again.
      if (!flavor.isDuplicate(error)) throw error;
    }
  }
}

const toFlag = (value: boolean): number => (value ? 1 : 0);

export const sqlUsers = (db: Database, flavor: SqlFlavor): DirectoryUsers => ({
  async createUser(user) {
    try {
      await inTransaction(db, flavor, (tx) => insertUsers(tx, flavor, [user]));
      return true;
    } catch (error) {
      if (flavor.isDuplicate(error)) return false;
      throw error;
    }
  },

  createUsers: (users) => insertMissing(db, flavor, users),

  async getUser(uid) {
    const row = await db.selectFrom('users').selectAll().where('uid', '=', uid).executeTakeFirst();
    return row && toUser(row);
  },

  updateUser: (uid, { name, avatar, bio, discoverable, readReceipts, invisible }) =>
    inTransaction(db, flavor, async (tx) => {
      let select = tx.selectFrom('users').selectAll().where('uid', '=', uid).where('removed_at', '=', 0);
      if (flavor.locksRows) select = select.forUpdate();
      const before = await select.executeTakeFirst();
      if (before === undefined) return undefined;
      const changed = {
        ...(name !== undefined && { name }),
        ...(avatar !== undefined && { avatar }),
        ...(bio !== undefined && { bio }),
        ...(discoverable !== undefined && { discoverable: toFlag(discoverable) }),
        ...(readReceipts !== undefined && { read_receipts: toFlag(readReceipts) }),
        ...(invisible !== undefined && { invisible: toFlag(invisible) }),
      };
      const user = toUser({ ...before, ...changed });
      if (Object.keys(changed).length > 0)
        await tx.updateTable('users').set(changed).where('uid', '=', uid).execute();
      if (user.name !== (before.name ?? undefined) || user.discoverable !== (before.discoverable !== 0)) {
        await tx.deleteFrom('user_words').where('uid', '=', uid).execute();
        await insertWords(tx, flavor, [user]);
      }
      return user;
    }),

  changePassword: (uid, { from, to }, keepSid, at) =>
    inTransaction(db, flavor, async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('users')
        .set({ password_hash: to })
        .where('uid', '=', uid)
        .where('password_hash', '=', from)
        .where('removed_at', '=', 0)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 0n ? undefined : revokeFamilies(tx, flavor, uid, keepSid, at);
    }),

  searchUsers: sqlSearch(db),

  existing: (uids) => existing(db, flavor, uids, false),

  ensureUsers: (uids, createdAt) =>
    insertMissing(
      db,
      flavor,
      uids.map((uid) => ({ uid, createdAt, origin: 'token' })),
    ),

  async names(uids) {
    const names = new Map<string, string>();
    for (const chunk of chunked(uids, flavor.maxParameters)) {
      const rows = await db.selectFrom('users').select(['uid', 'name']).where('uid', 'in', chunk).execute();
      for (const { uid, name } of rows) if (name !== null) names.set(uid, name);
    }
    return names;
  },

  async setBan(uid, until, reason) {
    const known = await db
      .selectFrom('users')
      .select('uid')
      .where('uid', '=', uid)
      .where('removed_at', '=', 0)
      .executeTakeFirst();
    if (known === undefined) return false;
    await db
      .updateTable('users')
      .set({ banned_until: until, ban_reason: reason ?? null })
      .where('uid', '=', uid)
      .execute();
    return true;
  },

  async banned(now, among) {
    const found: { uid: string; until: number }[] = [];
    for (const uids of among === undefined ? [undefined] : chunked(among, flavor.maxParameters - 1)) {
      let select = db.selectFrom('users').select(['uid', 'banned_until']).where('banned_until', '>', now);
      if (uids !== undefined) select = select.where('uid', 'in', uids);
      for (const row of await select.execute()) found.push({ uid: row.uid, until: row.banned_until });
    }
    return found;
  },
});
