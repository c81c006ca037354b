import { sql } from 'kysely';
import type { DirectoryFacts, GroupRole } from '../../directory.ts';
import type { Database } from './dialect.ts';
import { prepared } from './prepared.ts';

const one = sql<number>`1`.as('x');

export function sqlFacts(db: Database): DirectoryFacts {
  const pair = prepared(db, ['from', 'to'], ({ from, to }) =>
    db.selectNoFrom((select) => [
      select.selectFrom('users').select(one).where('uid', '=', to).where('removed_at', '=', 0).as('present'),
      select
        .selectFrom('blocks')
        .select(one)
        .where((where) =>
          where.or([where.and({ uid: from, blocked: to }), where.and({ uid: to, blocked: from })]),
        )
        .limit(1)
        .as('blocked'),
      select.selectFrom('friends').select(one).where('uid', '=', from).where('friend', '=', to).as('friends'),
    ]),
  );

  const place = prepared(db, ['gid', 'uid'], ({ gid, uid }) =>
    db
      .selectFrom('chat_groups as g')
      .leftJoin('members as m', (join) =>
        // Who waits for the seq of the joining has no part in the conversation yet.
        join.onRef('m.gid', '=', 'g.gid').on('m.uid', '=', uid).on('m.since', '>', 0),
      )
      .select(['g.muted', 'm.role', 'm.muted_until', 'm.since'])
      .where('g.gid', '=', gid)
      .where('g.dissolved_at', '=', 0),
  );

  const memberships = prepared(db, ['uid'], ({ uid }) =>
    db
      .selectFrom('members as m')
      .innerJoin('chat_groups as g', 'g.gid', 'm.gid')
      .select(['m.gid', 'm.since', 'm.since_n', 'm.joined_at'])
      .where('m.uid', '=', uid)
      .where('m.since', '>', 0)
      .where('g.dissolved_at', '=', 0)
      .orderBy('m.gid'),
  );

  const bans = prepared(db, ['uid'], ({ uid }) =>
    db.selectFrom('users').select('banned_until').where('uid', '=', uid),
  );

  const user = prepared(db, ['uid'], ({ uid }) =>
    db.selectFrom('users').select(['removed_at', 'invisible', 'read_receipts']).where('uid', '=', uid),
  );

  return {
    async userFacts(uid) {
      const [found] = await user({ uid });
      return {
        exists: found?.removed_at === 0,
        removed: found !== undefined && found.removed_at !== 0,
        invisible: found !== undefined && found.invisible !== 0,
        readReceipts: found === undefined || found.read_receipts !== 0,
      };
    },

    async directFacts(from, to) {
      const [found] = await pair({ from, to });
      return {
        exists: found!.present !== null,
        blocked: found!.blocked !== null,
        friends: found!.friends !== null,
      };
    },

    async groupFacts(gid, uid) {
      const [found] = await place({ gid, uid });
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
      const rows = await memberships({ uid });
      return rows.map((row) => ({
        gid: row.gid,
        since: row.since,
        sinceN: row.since_n,
        joinedAt: row.joined_at,
      }));
    },

    async isBanned(uid, now) {
      const [found] = await bans({ uid });
      return found !== undefined && found.banned_until > now;
    },

    async userExists(uid) {
      return (await bans({ uid })).length > 0;
    },
  };
}
