import type { Selectable } from 'kysely';
import { chunked } from '../../chunks.ts';
import type { DirectoryGroups, GroupChange, Invite } from '../../directory.ts';
import type { Database } from './dialect.ts';
import { present } from './rows.ts';
import type { InvitesTable } from './schema.ts';

const toInvite = (row: Selectable<InvitesTable>): Invite =>
  present<Invite>({
    gid: row.gid,
    code: row.code,
    by: row.creator,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    uids: row.uids === null ? null : (JSON.parse(row.uids) as string[]),
  });

type ChangeJoining = Pick<GroupChange, 'request' | 'dropRequest' | 'invite' | 'invited' | 'dropInvite'>;

/** The part of a group's transaction that is about those who are not in it yet. */
export const changeJoining = (tx: Database, gid: string): ChangeJoining => ({
  async request(uid, at) {
    const known = await tx
      .selectFrom('join_requests')
      .select('uid')
      .where('gid', '=', gid)
      .where('uid', '=', uid)
      .executeTakeFirst();
    if (known !== undefined) return false;
    await tx.insertInto('join_requests').values({ gid, uid, asked_at: at }).execute();
    return true;
  },

  async dropRequest(uid) {
    const { numDeletedRows } = await tx
      .deleteFrom('join_requests')
      .where('gid', '=', gid)
      .where('uid', '=', uid)
      .executeTakeFirstOrThrow();
    return numDeletedRows > 0n;
  },

  async invite({ code, by, createdAt, expiresAt, uids }) {
    await tx.deleteFrom('invites').where('gid', '=', gid).where('expires_at', '<=', createdAt).execute();
    await tx
      .insertInto('invites')
      .values({
        code,
        gid,
        creator: by,
        created_at: createdAt,
        expires_at: expiresAt,
        uids: uids && JSON.stringify(uids),
      })
      .execute();
  },

  async invited(code, now) {
    const row = await tx
      .selectFrom('invites')
      .selectAll()
      .where('code', '=', code)
      .where('gid', '=', gid)
      .where('expires_at', '>', now)
      .executeTakeFirst();
    return row && toInvite(row);
  },

  async dropInvite(code) {
    const { numDeletedRows } = await tx
      .deleteFrom('invites')
      .where('code', '=', code)
      .where('gid', '=', gid)
      .executeTakeFirstOrThrow();
    return numDeletedRows > 0n;
  },
});

type GroupJoining = Pick<
  DirectoryGroups,
  'listRequests' | 'dropRequestsOf' | 'listInvites' | 'finishDissolve'
>;

export const sqlJoining = (db: Database, maxInList: number): GroupJoining => ({
  async listRequests(gid, after, limit) {
    let select = db.selectFrom('join_requests').select(['uid', 'asked_at']).where('gid', '=', gid);
    if (after !== undefined)
      select = select.where((where) =>
        where.or([
          where('asked_at', '>', after.at),
          where.and([where('asked_at', '=', after.at), where('uid', '>', after.uid)]),
        ]),
      );
    const rows = await select.orderBy('asked_at').orderBy('uid').limit(limit).execute();
    return rows.map((row) => ({ uid: row.uid, at: row.asked_at }));
  },

  async dropRequestsOf(uid) {
    await db.deleteFrom('join_requests').where('uid', '=', uid).execute();
  },

  async listInvites(gid, now, after, limit) {
    let select = db.selectFrom('invites').selectAll().where('gid', '=', gid).where('expires_at', '>', now);
    if (after !== undefined)
      select = select.where((where) =>
        where.or([
          where('created_at', '>', after.createdAt),
          where.and([where('created_at', '=', after.createdAt), where('code', '>', after.code)]),
        ]),
      );
    const rows = await select.orderBy('created_at').orderBy('code').limit(limit).execute();
    return rows.map(toInvite);
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
    for (const chunk of chunked(uids, maxInList))
      await db.deleteFrom('members').where('gid', '=', gid).where('uid', 'in', chunk).execute();
    await db.deleteFrom('join_requests').where('gid', '=', gid).execute();
    await db.deleteFrom('invites').where('gid', '=', gid).execute();
    return uids;
  },
});
