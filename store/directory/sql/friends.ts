import type { Selectable } from 'kysely';
import { PetrelError } from '../../../schemas/errors.ts';
import { chunked } from '../../chunks.ts';
import type { DirectoryFriends, Friend, FriendRequest, FriendRequestState } from '../../directory.ts';
import { sqlBlocks } from './blocks.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { befriend, unfriend } from './friendship.ts';
import { changePair } from './people.ts';
import { present } from './rows.ts';
import type { FriendRequestsTable } from './schema.ts';
import { inTransaction } from './transaction.ts';

const toRequest = (row: Selectable<FriendRequestsTable>): FriendRequest =>
  present<FriendRequest>({
    id: row.id,
    from: row.from_uid,
    to: row.to_uid,
    note: row.note,
    state: row.state as FriendRequestState,
    at: row.asked_at,
    decidedAt: row.decided_at === 0 ? null : row.decided_at,
  });

const friendOf = (db: Database, uid: string) =>
  db
    .selectFrom('friends as f')
    .leftJoin('users as u', 'u.uid', 'f.friend')
    .select(['f.friend as uid', 'u.name', 'f.remark', 'f.since'])
    .where('f.uid', '=', uid);

const requestOf = (db: Database, from: string, to: string) =>
  db
    .selectFrom('friend_requests')
    .selectAll()
    .where('from_uid', '=', from)
    .where('to_uid', '=', to)
    .executeTakeFirst();

async function areFriends(tx: Database, uid: string, other: string): Promise<boolean> {
  const row = await tx
    .selectFrom('friends')
    .select('since')
    .where('uid', '=', uid)
    .where('friend', '=', other)
    .executeTakeFirst();
  return row !== undefined;
}

async function refuseBlocked(tx: Database, uid: string, other: string): Promise<void> {
  const row = await tx
    .selectFrom('blocks')
    .select('uid')
    .where((where) => where.or([where.and({ uid, blocked: other }), where.and({ uid: other, blocked: uid })]))
    .executeTakeFirst();
  if (row !== undefined) throw new PetrelError('send.blocked');
}

async function decide(tx: Database, request: FriendRequest, state: FriendRequestState, at: number) {
  await tx
    .updateTable('friend_requests')
    .set({ state, decided_at: at })
    .where('from_uid', '=', request.from)
    .where('to_uid', '=', request.to)
    .execute();
  return { ...request, state, decidedAt: at };
}

export function sqlFriends(db: Database, flavor: SqlFlavor): DirectoryFriends {
  /** The request as it is inside a transaction on its pair. */
  const changeRequest = async <T>(
    id: string,
    uid: string,
    work: (tx: Database, request: FriendRequest) => Promise<T>,
  ): Promise<T> => {
    const byId = (from: Database) =>
      from.selectFrom('friend_requests').selectAll().where('id', '=', id).executeTakeFirst();
    const found = await byId(db);
    if (found?.to_uid !== uid) throw new PetrelError('friend.request-not-found');
    return changePair(db, flavor, [found.from_uid, found.to_uid], async (tx) => {
      const row = await byId(tx);
      if (row === undefined) throw new PetrelError('friend.request-not-found');
      return work(tx, toRequest(row));
    });
  };

  return {
    ...sqlBlocks(db, flavor),

    async listFriends(uid, afterUid, limit) {
      const rows = await friendOf(db, uid)
        .where('f.friend', '>', afterUid)
        .orderBy('f.friend')
        .limit(limit)
        .execute();
      return rows.map((row) => present<Friend>(row));
    },

    async setRemark(uid, friend, remark) {
      await db
        .updateTable('friends')
        .set({ remark: remark ?? null })
        .where('uid', '=', uid)
        .where('friend', '=', friend)
        .execute();
      const row = await friendOf(db, uid).where('f.friend', '=', friend).executeTakeFirst();
      return row && present<Friend>(row);
    },

    removeFriend: (uid, friend) => inTransaction(db, flavor, (tx) => unfriend(tx, uid, friend)),

    async listFriendRequests(uid, direction, { state, before, limit }) {
      let select = db
        .selectFrom('friend_requests')
        .selectAll()
        .where(direction === 'in' ? 'to_uid' : 'from_uid', '=', uid);
      if (state !== undefined) select = select.where('state', '=', state);
      if (before !== undefined)
        select = select.where((where) =>
          where.or([
            where('asked_at', '<', before.at),
            where.and([where('asked_at', '=', before.at), where('id', '<', before.id)]),
          ]),
        );
      const rows = await select.orderBy('asked_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
      return rows.map(toRequest);
    },

    requestFriend: ({ id, from, to, note, at }, maxFriends) =>
      changePair(db, flavor, [from, to], async (tx) => {
        await refuseBlocked(tx, from, to);
        if (await areFriends(tx, from, to)) throw new PetrelError('friend.exists');
        const reverse = await requestOf(tx, to, from);
        if (reverse?.state === 'pending') {
          await befriend(tx, from, to, at, maxFriends);
          return { request: await decide(tx, toRequest(reverse), 'accepted', at), changed: true };
        }
        const known = await requestOf(tx, from, to);
        if (known === undefined) {
          const row = { id, from_uid: from, to_uid: to, note, state: 'pending', asked_at: at };
          await tx.insertInto('friend_requests').values(row).execute();
        } else {
          // A new request has an id of its own: an answer to the old one is none to it.
          const asked =
            known.state === 'pending' ? {} : { id, state: 'pending', asked_at: at, decided_at: 0 };
          await tx
            .updateTable('friend_requests')
            .set({ ...asked, note: note ?? null })
            .where('from_uid', '=', from)
            .where('to_uid', '=', to)
            .execute();
        }
        const row = await requestOf(tx, from, to);
        return { request: toRequest(row!), changed: known?.state !== 'pending' };
      }),

    acceptFriendRequest: (id, uid, at, maxFriends) =>
      changeRequest(id, uid, async (tx, request) => {
        if (request.state === 'accepted' && (await areFriends(tx, uid, request.from)))
          return { request, changed: false };
        if (request.state !== 'pending') throw new PetrelError('friend.request-not-found');
        await refuseBlocked(tx, uid, request.from);
        await befriend(tx, uid, request.from, at, maxFriends);
        return { request: await decide(tx, request, 'accepted', at), changed: true };
      }),

    declineFriendRequest: (id, uid, at) =>
      changeRequest(id, uid, (tx, request) => {
        if (request.state !== 'pending') throw new PetrelError('friend.request-not-found');
        return decide(tx, request, 'declined', at);
      }),

    forgetPerson: (uid) =>
      inTransaction(db, flavor, async (tx) => {
        const rows = await tx.selectFrom('friends').select('friend').where('uid', '=', uid).execute();
        const friends = rows.map((row) => row.friend);
        await tx.deleteFrom('friends').where('uid', '=', uid).execute();
        for (const chunk of chunked(friends, flavor.maxParameters - 1))
          await tx.deleteFrom('friends').where('uid', 'in', chunk).where('friend', '=', uid).execute();
        await tx.deleteFrom('friend_requests').where('from_uid', '=', uid).execute();
        await tx.deleteFrom('friend_requests').where('to_uid', '=', uid).execute();
        await tx.deleteFrom('blocks').where('uid', '=', uid).execute();
        await tx.deleteFrom('blocks').where('blocked', '=', uid).execute();
        return friends;
      }),
  };
}
