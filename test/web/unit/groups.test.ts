import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { mayActOn } from '../../../policy/groups.ts';
import { groupRoles } from '../../../store/directory.ts';
import { startLoader } from './load.ts';

interface Member {
  readonly uid: string;
  readonly role: string;
  readonly nick?: string;
  readonly name?: string;
  readonly mutedUntil?: number;
  readonly joinedAt: number;
}

const { load, close } = await startLoader();
const { memberActions, sortedMembers, calledOf } = await load<{
  memberActions: (me: { uid: string; role: string }, member: Member, now: number) => readonly string[];
  sortedMembers: (members: readonly Member[], nameOf: (member: Member) => string, locale: string) => Member[];
  calledOf: (member: Member, remark: string | undefined) => string;
}>('groups/permissions.ts');
const { inviteLink } = await load<{
  inviteLink: (origin: string, gid: string, code?: string) => string;
}>('groups/invite-link.ts');

const member = (uid: string, role = 'member', more: object = {}): Member => ({
  uid,
  role,
  joinedAt: 0,
  ...more,
});

describe('groups on the page', () => {
  after(close);

  it('offer what the server lets one do to a member, and nothing else', () => {
    const actions = {
      mute: 'members.mute',
      remove: 'members.remove',
      rename: 'nick.others',
      'make-admin': 'roles.change',
      'hand-over': 'transfer',
    } as const;
    for (const mine of groupRoles)
      for (const theirs of groupRoles) {
        const offered = memberActions({ uid: 'ann', role: mine }, member('bob', theirs), 0);
        for (const [name, action] of Object.entries(actions)) {
          const expected = mayActOn(mine, action, theirs) && !(name === 'make-admin' && theirs === 'admin');
          assert.equal(offered.includes(name), expected, `${mine} ${name} ${theirs}`);
        }
      }
  });

  it('let everybody choose their own nickname', () => {
    for (const role of groupRoles)
      assert.deepEqual(memberActions({ uid: 'ann', role }, member('ann', role), 0), ['rename']);
  });

  it('offer to unmute who is muted, until the time has passed', () => {
    const muted = member('bob', 'member', { mutedUntil: 100 });
    const offered = (now: number) => memberActions({ uid: 'ann', role: 'admin' }, muted, now);
    assert.ok(offered(99).includes('unmute') && !offered(99).includes('mute'));
    assert.ok(offered(100).includes('mute') && !offered(100).includes('unmute'));
  });

  it('have owner and admins first, then all by name', () => {
    const members = [
      member('a', 'member', { name: 'Zoe' }),
      member('b', 'admin', { name: 'Yann' }),
      member('c', 'member', { nick: 'émile' }),
      member('d', 'owner', { name: 'Xavier' }),
      member('e', 'member', { name: 'Frank' }),
    ];
    const sorted = sortedMembers(members, (one) => calledOf(one, undefined), 'en');
    assert.deepEqual(
      sorted.map(({ uid }) => uid),
      ['d', 'b', 'c', 'e', 'a'],
    );
  });

  it('call members by nickname, remark, name or uid, the first there is', () => {
    const bob = member('bob', 'member', { name: 'Bob', nick: 'B' });
    assert.equal(calledOf(bob, 'Robert'), 'B');
    assert.equal(calledOf({ ...bob, nick: '' }, 'Robert'), 'Robert');
    assert.equal(calledOf(member('bob', 'member', { name: 'Bob' }), undefined), 'Bob');
    assert.equal(calledOf(member('bob'), undefined), 'bob');
  });

  it('have links that say nothing to the server', () => {
    assert.equal(inviteLink('https://x.example', 'g1', 'c-_2'), 'https://x.example/#/invite/g1/c-_2');
    assert.equal(inviteLink('https://x.example', 'g1'), 'https://x.example/#/invite/g1');
  });
});
