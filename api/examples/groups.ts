import type { Examples } from '../examples.ts';
import { at, day, group, member } from './samples.ts';

const { gid } = group;
const code = 'kq3v9xt2bd7mwf5r';

export const groupExamples: Examples = {
  'groups.create': { input: { name: 'Birds', members: ['bob', 'carol'] }, output: group },
  'groups.list': { input: { limit: 20 }, output: { items: [group] } },
  'groups.get': { input: { gid }, output: group },
  'groups.update': {
    input: { gid, announcement: 'We meet on Monday.', join: 'approve' },
    output: { ...group, announcement: 'We meet on Monday.', join: 'approve' },
  },
  'groups.leave': { input: { gid } },
  'groups.dissolve': { input: { gid } },
  'groups.members.list': { input: { gid, limit: 2 }, output: { items: [member], next: 'Ym9i' } },
  'groups.members.add': { input: { gid, uids: ['dave'] }, output: { added: ['dave'], memberCount: 4 } },
  'groups.members.update': {
    input: { gid, uid: 'bob', role: 'admin' },
    output: { ...member, role: 'admin' },
  },
  'groups.members.remove': { input: { gid, uid: 'dave' } },
  'groups.join': { input: { gid, code }, output: { gid, state: 'joined' } },
  'groups.requests': {
    input: { gid },
    output: { items: [{ uid: 'dave', name: 'Dave', at }] },
  },
  'groups.requests.accept': { input: { gid, uid: 'dave' } },
  'groups.requests.decline': { input: { gid, uid: 'dave' } },
  'groups.invite': { input: { gid, ttl: 604_800 }, output: { code, expiresAt: at + 7 * day } },
  'groups.invites.list': {
    input: { gid },
    output: { items: [{ code, by: 'alice', createdAt: at, expiresAt: at + 7 * day }] },
  },
  'groups.invites.remove': { input: { gid, code } },
};
