import type { Platform } from '../../../schemas/identity.ts';
import { chunked } from '../../chunks.ts';
import type { DirectorySessions, Family } from '../../directory.ts';
import { sqlDevices } from './devices.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { present } from './rows.ts';

export const sqlSessions = (db: Database, flavor: SqlFlavor): DirectorySessions => ({
  ...sqlDevices(db, flavor),

  async createFamily({ sid, uid, did, platform, tokenHash, createdAt, expiresAt }) {
    await db
      .insertInto('families')
      .values({
        sid,
        uid,
        did,
        platform,
        token_hash: tokenHash,
        created_at: createdAt,
        expires_at: expiresAt,
      })
      .execute();
  },

  async getFamily(sid) {
    const row = await db.selectFrom('families').selectAll().where('sid', '=', sid).executeTakeFirst();
    if (row === undefined) return undefined;
    return present<Family>({
      sid: row.sid,
      uid: row.uid,
      did: row.did,
      platform: row.platform as Platform | null,
      tokenHash: row.token_hash,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      revokedAt: row.revoked_at,
    });
  },

  async rotateFamily(sid, fromHash, toHash, expiresAt) {
    const { numUpdatedRows } = await db
      .updateTable('families')
      .set({ token_hash: toHash, expires_at: expiresAt })
      .where('sid', '=', sid)
      .where('token_hash', '=', fromHash)
      .where('revoked_at', '=', 0)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  },

  async revokeFamilies(uid, sid, at) {
    return db.transaction().execute(async (tx) => {
      let select = tx.selectFrom('families').select('sid').where('uid', '=', uid).where('revoked_at', '=', 0);
      if (sid !== undefined) select = select.where('sid', '=', sid);
      const sids = (await select.execute()).map((row) => row.sid);
      for (const chunk of chunked(sids, flavor.maxParameters - 1))
        await tx.updateTable('families').set({ revoked_at: at }).where('sid', 'in', chunk).execute();
      return sids;
    });
  },

  async revokedFamilies(since) {
    const rows = await db
      .selectFrom('families')
      .select(['sid', 'revoked_at'])
      .where('revoked_at', '>=', Math.max(1, since))
      .execute();
    return rows.map((row) => ({ sid: row.sid, at: row.revoked_at }));
  },

  async pruneFamilies(before) {
    const rows = await db
      .selectFrom('families')
      .select('sid')
      .where('expires_at', '<', before)
      .limit(Math.min(1000, flavor.maxParameters))
      .execute();
    if (rows.length > 0)
      await db
        .deleteFrom('families')
        .where(
          'sid',
          'in',
          rows.map((row) => row.sid),
        )
        .execute();
    return rows.length;
  },
});
