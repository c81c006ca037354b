import type { Selectable } from 'kysely';
import type { Group, GroupRole, HistoryPolicy, JoinPolicy, Member } from '../../directory.ts';
import { present } from './rows.ts';
import type { GroupsTable, MembersTable } from './schema.ts';

export const toGroup = (row: Selectable<GroupsTable>): Group =>
  present<Group>({
    gid: row.gid,
    name: row.name,
    owner: row.owner,
    avatar: row.avatar,
    announcement: row.announcement,
    join: row.join_policy as JoinPolicy,
    muted: row.muted !== 0,
    history: row.history as HistoryPolicy,
    memberCount: row.member_count,
    createdAt: row.created_at,
  });

export const toMember = (row: Selectable<MembersTable>): Member =>
  present<Member>({
    gid: row.gid,
    uid: row.uid,
    role: row.role as GroupRole,
    nick: row.nick,
    mutedUntil: row.muted_until,
    joinedAt: row.joined_at,
    since: row.since,
  });
