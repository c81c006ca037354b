import type { DirectoryUsers, User, UserOrigin } from '../../directory.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { chunked, present } from './rows.ts';

const userColumns = 3;

async function existing(db: Database, flavor: SqlFlavor, uids: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const chunk of chunked(uids, flavor.maxParameters)) {
    const rows = await db.selectFrom('users').select('uid').where('uid', 'in', chunk).execute();
    for (const { uid } of rows) found.add(uid);
  }
  return found;
}

export const sqlUsers = (db: Database, flavor: SqlFlavor): DirectoryUsers => ({
  async createUser({ uid, name, passwordHash, createdAt, origin }) {
    try {
      await db
        .insertInto('users')
        .values({ uid, name, password_hash: passwordHash, created_at: createdAt, origin })
        .execute();
      return true;
    } catch (error) {
      if (flavor.isDuplicate(error)) return false;
      throw error;
    }
  },

  async getUser(uid) {
    const row = await db.selectFrom('users').selectAll().where('uid', '=', uid).executeTakeFirst();
    if (row === undefined) return undefined;
    return present<User>({
      uid: row.uid,
      name: row.name,
      passwordHash: row.password_hash,
      createdAt: row.created_at,
      bannedUntil: row.banned_until,
      origin: row.origin as UserOrigin,
    });
  },

  existing: (uids) => existing(db, flavor, uids),

  async ensureUsers(uids, createdAt) {
    for (;;) {
      const found = await existing(db, flavor, uids);
      const missing = uids.filter((uid) => !found.has(uid));
      try {
        await db.transaction().execute(async (tx) => {
          for (const chunk of chunked(missing, Math.floor(flavor.maxParameters / userColumns)))
            await tx
              .insertInto('users')
              .values(chunk.map((uid) => ({ uid, created_at: createdAt, origin: 'token' })))
              .execute();
        });
        return missing;
      } catch (error) {
        // Another node made one of them meanwhile: look again.
        if (!flavor.isDuplicate(error)) throw error;
      }
    }
  },

  async names(uids) {
    const names = new Map<string, string>();
    for (const chunk of chunked(uids, flavor.maxParameters)) {
      const rows = await db.selectFrom('users').select(['uid', 'name']).where('uid', 'in', chunk).execute();
      for (const { uid, name } of rows) if (name !== null) names.set(uid, name);
    }
    return names;
  },

  async setBan(uid, until) {
    if (!(await db.selectFrom('users').select('uid').where('uid', '=', uid).executeTakeFirst())) return false;
    await db.updateTable('users').set({ banned_until: until }).where('uid', '=', uid).execute();
    return true;
  },

  async banned(now) {
    const rows = await db
      .selectFrom('users')
      .select(['uid', 'banned_until'])
      .where('banned_until', '>', now)
      .execute();
    return rows.map((row) => ({ uid: row.uid, until: row.banned_until }));
  },
});
