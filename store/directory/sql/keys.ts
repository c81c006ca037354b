import type { DirectoryKeys } from '../../directory.ts';
import type { Database } from './dialect.ts';

export const sqlKeys = (db: Database): DirectoryKeys => ({
  async signingKeys() {
    const rows = await db
      .selectFrom('signing_keys')
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('kid')
      .execute();
    return rows.map((row) => ({
      kid: row.kid,
      privateJwk: row.private_jwk,
      publicJwk: row.public_jwk,
      createdAt: row.created_at,
      retiredAt: row.retired_at,
      lastsUntil: row.lasts_until,
    }));
  },

  async addSigningKey(key, retireOthersAt) {
    await db.transaction().execute(async (tx) => {
      if (retireOthersAt !== undefined)
        await tx
          .updateTable('signing_keys')
          .set({ retired_at: retireOthersAt })
          .where('retired_at', '=', 0)
          .execute();
      await tx
        .insertInto('signing_keys')
        .values({
          kid: key.kid,
          private_jwk: key.privateJwk,
          public_jwk: key.publicJwk,
          created_at: key.createdAt,
          retired_at: key.retiredAt,
          lasts_until: key.lastsUntil,
        })
        .execute();
    });
  },

  async extendSigningKey(kid, lastsUntil) {
    await db
      .updateTable('signing_keys')
      .set({ lasts_until: lastsUntil })
      .where('kid', '=', kid)
      .where('lasts_until', '<', lastsUntil)
      .execute();
  },

  async removeSigningKey(kid) {
    await db.deleteFrom('signing_keys').where('kid', '=', kid).execute();
  },
});
