import { sql } from 'kysely';
import type { DirectoryFacts, GroupRole } from '../../directory.ts';
import type { Database } from './dialect.ts';

export const sqlFacts = (db: Database): DirectoryFacts => ({
  async directFacts(from, to) {
    const found = await db
      .selectNoFrom((one) => [
        one.selectFrom('users').select(sql<number>`1`.as('x')).where('uid', '=', to).as('present'),
        one
          .selectFrom('blocks')
          .select(sql<number>`1`.as('x'))
          .where((where) =>
            where.or([where.and({ uid: from, blocked: to }), where.and({ uid: to, blocked: from })]),
          )
          .limit(1)
          .as('blocked'),
        one
          .selectFrom('friends')
          .select(sql<number>`1`.as('x'))
          .where('uid', '=', from)
          .where('friend', '=', to)
          .as('friends'),
      ])
      .executeTakeFirstOrThrow();
    return {
      exists: found.present !== null,
      blocked: found.blocked !== null,
      friends: found.friends !== null,
    };
  },

  async groupFacts(gid, uid) {
    const found = await db
      .selectFrom('chat_groups as g')
      .leftJoin('members as m', (join) =>
        // Who waits for the seq of the joining has no part in the conversation yet.
        join.onRef('m.gid', '=', 'g.gid').on('m.uid', '=', uid).on('m.since', '>', 0),
      )
      .select(['g.muted', 'm.role', 'm.muted_until', 'm.since'])
      .where('g.gid', '=', gid)
      .where('g.dissolved_at', '=', 0)
      .executeTakeFirst();
    if (found === undefined) return { exists: false, muted: false };
    const { muted, role, muted_until: mutedUntil, since } = found;
    return {
      exists: true,
      muted: muted !== 0,
      ...(role !== null && {
        member: { role: role as GroupRole, mutedUntil: mutedUntil ?? 0, since: since ?? 1 },
      }),
    };
  },

  async groupsOf(uid) {
    const rows = await db
      .selectFrom('members as m')
      .innerJoin('chat_groups as g', 'g.gid', 'm.gid')
      .select(['m.gid', 'm.since', 'm.since_n', 'm.joined_at'])
      .where('m.uid', '=', uid)
      .where('m.since', '>', 0)
      .where('g.dissolved_at', '=', 0)
      .orderBy('m.gid')
      .execute();
    return rows.map((row) => ({
      gid: row.gid,
      since: row.since,
      sinceN: row.since_n,
      joinedAt: row.joined_at,
    }));
  },

  async isBanned(uid, now) {
    const found = await db
      .selectFrom('users')
      .select('uid')
      .where('uid', '=', uid)
      .where('banned_until', '>', now)
      .executeTakeFirst();
    return found !== undefined;
  },

  async userExists(uid) {
    return (
      (await db.selectFrom('users').select('uid').where('uid', '=', uid).executeTakeFirst()) !== undefined
    );
  },
});
