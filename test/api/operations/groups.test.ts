import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { doors } from '../doors.ts';
import { type People, startPeople } from '../people.ts';

type Body = Record<string, unknown>;

for (const door of doors) {
  describe(`changes of groups over ${door.name}`, () => {
    let people: People;
    before(async () => {
      people = await startPeople(door, ['alice', 'bob', 'carol', 'dave'], { groups: { maxMembers: 4 } });
    });
    after(() => people.api.stop());

    const stored = async (gid: string) =>
      (await people.api.timeline.range({ conv: `g:${gid}`, after: 1, limit: 100 })).map(({ raw, from }) => {
        const { type, body } = JSON.parse(Buffer.from(raw).toString()) as { type: string; body: Body };
        return { type, from, ...body };
      });
    const member = (gid: string, uid: string, more: object, as = 'alice') =>
      people.data(as, 'groups.members.update', { gid, uid, ...more });
    const refuses = (as: string, gid: string, uid: string, more: object, code: string, status: number) =>
      people.refused(as, 'groups.members.update', { gid, uid, ...more }, code, status);

    describe('settings', () => {
      it('change as given, with an event of what is different', async () => {
        const gid = await people.group('alice', ['bob']);
        const given = { name: 'Fish', avatar: 'a', announcement: 'Hi\nall', join: 'approve', muted: true };
        const { memberCount, role, ...shown } = await people.data('alice', 'groups.update', {
          gid,
          ...given,
        });
        assert.deepEqual([memberCount, role], [2, 'owner']);
        for (const [name, value] of Object.entries(given)) assert.equal((shown as Body)[name], value);
        const cleared = { gid, avatar: null, announcement: null, muted: true };
        const { avatar, announcement } = await people.data('alice', 'groups.update', cleared);
        assert.deepEqual([avatar, announcement], [undefined, undefined]);
        await people.data('alice', 'groups.update', { gid, avatar: null, name: 'Fish' });
        await people.data('alice', 'groups.update', { gid });
        assert.deepEqual(await stored(gid), [
          { type: 'group', from: 'alice', ...given, action: 'updated' },
          { type: 'group', from: 'alice', avatar: null, announcement: null, action: 'updated' },
        ]);
        const seen = await people.data('bob', 'groups.get', { gid });
        assert.deepEqual([seen.name, seen.join, seen.muted, seen.role], ['Fish', 'approve', true, 'member']);
      });

      it('are refused where they do not fit', async () => {
        const gid = await people.group('alice');
        for (const given of [
          { name: '' },
          { name: null },
          { join: 'maybe' },
          { muted: null },
          { owner: 'bob' },
        ])
          await people.refused('alice', 'groups.update', { gid, ...given }, 'request.invalid', 400);
      });

      it('mute all but owner and admins', async () => {
        const gid = await people.group('alice', ['bob', 'carol']);
        await member(gid, 'carol', { role: 'admin' });
        assert.equal((await people.send('bob', `g:${gid}`, 'b1')).code, undefined);
        await people.data('alice', 'groups.update', { gid, muted: true });
        assert.equal((await people.send('bob', `g:${gid}`, 'b2')).code, 'send.muted');
        assert.equal((await people.send('carol', `g:${gid}`, 'c1')).code, undefined);
        await people.data('alice', 'groups.update', { gid, muted: false });
        assert.equal((await people.send('bob', `g:${gid}`, 'b2')).code, undefined);
      });

      it('open the past to present members, and never close it to them', async () => {
        const gid = await people.group('alice');
        await people.send('alice', `g:${gid}`, 'a1');
        await people.data('alice', 'groups.members.add', { gid, uids: ['bob'] });
        const seen = async (uid: string) => (await people.events(uid, `g:${gid}`)).map(({ seq }) => seq);
        assert.deepEqual(await seen('bob'), [3]);
        await people.data('alice', 'groups.update', { gid, history: 'all' });
        assert.deepEqual(await seen('bob'), [1, 2, 3, 4]);
        const { conversations } = await people.data('bob', 'sync');
        const all = conversations as unknown as { conv: string; events: Body[]; unread: number }[];
        const synced = all.find(({ conv }) => conv === `g:${gid}`);
        assert.equal(synced!.events.length, 4);
        assert.equal(synced!.unread, 0);
        await people.data('alice', 'groups.update', { gid, history: 'joined' });
        await people.data('alice', 'groups.members.add', { gid, uids: ['carol'] });
        assert.deepEqual(await seen('bob'), [1, 2, 3, 4, 5, 6]);
        assert.deepEqual(await seen('carol'), [6]);
      });
    });

    describe('members', () => {
      it('get roles, mutes and nicks, several at once, with an event for each that is different', async () => {
        const gid = await people.group('alice', ['bob', 'carol']);
        const mutedUntil = people.api.now() + 60_000;
        const changed = await member(gid, 'bob', { role: 'admin', mutedUntil, nick: 'Bobby' });
        const { joinedAt, ...shown } = changed;
        assert.equal(typeof joinedAt, 'number');
        assert.deepEqual(shown, { uid: 'bob', role: 'admin', nick: 'Bobby', mutedUntil });
        await member(gid, 'bob', { role: 'admin', mutedUntil, nick: 'Bobby' });
        await member(gid, 'bob', {});
        const cleared = await member(gid, 'bob', { role: 'member', mutedUntil: null, nick: null });
        assert.deepEqual(Object.keys(cleared).sort(), ['joinedAt', 'role', 'uid']);
        const about = { type: 'member', from: 'alice', uids: ['bob'], by: 'alice' };
        assert.deepEqual(await stored(gid), [
          { ...about, action: 'muted', mutedUntil },
          { ...about, action: 'nick', nick: 'Bobby' },
          { ...about, action: 'role', role: 'admin' },
          { ...about, action: 'unmuted' },
          { ...about, action: 'nick', nick: null },
          { ...about, action: 'role', role: 'member' },
        ]);
      });

      it('are muted until a time, by the clock', async () => {
        const gid = await people.group('alice', ['bob']);
        const send = async (id: string) => (await people.send('bob', `g:${gid}`, id)).code;
        assert.equal(await send('b1'), undefined);
        await member(gid, 'bob', { mutedUntil: people.api.now() + 60_000 });
        assert.equal(await send('b2'), 'send.muted');
        people.api.pass(60_001);
        assert.equal(await send('b2'), undefined);
        people.api.pass(-60_001);
        await member(gid, 'bob', { mutedUntil: people.api.now() - 1 });
        assert.equal(await send('b3'), undefined);
        assert.equal((await stored(gid)).filter(({ type }) => type === 'member').length, 2);
      });

      it('get the group from its owner, who becomes an admin', async () => {
        const gid = await people.group('alice', ['bob', 'carol']);
        await member(gid, 'bob', { mutedUntil: people.api.now() + 60_000 });
        const { role, mutedUntil } = await member(gid, 'bob', { role: 'owner' });
        assert.deepEqual([role, mutedUntil], ['owner', undefined]);
        assert.deepEqual((await stored(gid)).at(-1), {
          type: 'group',
          from: 'alice',
          action: 'owner',
          uid: 'bob',
          by: 'alice',
        });
        const seen = await people.data('alice', 'groups.get', { gid });
        assert.deepEqual([seen.owner, seen.role], ['bob', 'admin']);
        await refuses('alice', gid, 'carol', { role: 'admin' }, 'auth.forbidden', 403);
        await member(gid, 'carol', { role: 'admin' }, 'bob');
        await member(gid, 'bob', { role: 'owner' }, 'bob');
        await people.data('alice', 'groups.leave', { gid });
        await refuses('bob', gid, 'bob', { role: 'member' }, 'group.owner', 409);
        await refuses('bob', gid, 'alice', { role: 'owner' }, 'user.not-found', 404);
      });

      it('have one owner when the group is handed over twice at once', async () => {
        const gid = await people.group('alice', ['bob', 'carol']);
        const given = (uid: string) =>
          people.as('alice', 'groups.members.update', { gid, uid, role: 'owner' });
        const answers = await Promise.all([given('bob'), given('carol')]);
        assert.deepEqual(answers.map(({ code }) => code ?? 'ok').sort(), ['auth.forbidden', 'ok']);
        const { items } = await people.data('alice', 'groups.members.list', { gid });
        const roles = (items as unknown as Body[]).map(({ role }) => role).sort();
        assert.deepEqual(roles, ['admin', 'member', 'owner']);
      });

      it('name themselves, and are named by those above them', async () => {
        const gid = await people.group('alice', ['bob', 'carol']);
        assert.equal((await member(gid, 'bob', { nick: 'B' }, 'bob')).nick, 'B');
        await refuses('bob', gid, 'carol', { nick: 'C' }, 'auth.forbidden', 403);
        await member(gid, 'carol', { role: 'admin' });
        await member(gid, 'bob', { nick: 'B2' }, 'carol');
        await refuses('carol', gid, 'alice', { nick: 'A' }, 'auth.forbidden', 403);
        await member(gid, 'alice', { nick: 'A' });
        await refuses('bob', gid, 'bob', { nick: 'B3', role: 'admin' }, 'auth.forbidden', 403);
        const bob = await people.api.directory.getMember(gid, 'bob');
        assert.deepEqual([bob?.nick, bob?.role], ['B2', 'member']);
      });

      it('are listed with the names that they have everywhere', async () => {
        const gid = await people.group('alice', ['bob', 'carol']);
        await people.data('bob', 'me.update', { name: 'Bob Wren' });
        await member(gid, 'bob', { nick: 'B' });
        const { items } = await people.data('carol', 'groups.members.list', { gid });
        const named = (items as unknown as Body[]).map(({ uid, name, nick }) => [uid, name, nick]);
        await people.data('bob', 'me.update', { name: null });
        assert.deepEqual(
          named.find(([uid]) => uid === 'bob'),
          ['bob', 'Bob Wren', 'B'],
        );
        assert.equal(named.length, 3);
      });

      it('leave each other alone where neither is above the other', async () => {
        const gid = await people.group('alice', ['bob', 'carol']);
        for (const uid of ['bob', 'carol']) await member(gid, uid, { role: 'admin' });
        const mutedUntil = people.api.now() + 60_000;
        await refuses('bob', gid, 'carol', { mutedUntil }, 'auth.forbidden', 403);
        await refuses('bob', gid, 'bob', { mutedUntil: null }, 'auth.forbidden', 403);
        await refuses('bob', gid, 'alice', { mutedUntil }, 'auth.forbidden', 403);
        await refuses('alice', gid, 'alice', { mutedUntil }, 'auth.forbidden', 403);
        const remove = (as: string, uid: string, code: string, status: number) =>
          people.refused(as, 'groups.members.remove', { gid, uid }, code, status);
        await remove('bob', 'carol', 'auth.forbidden', 403);
        await remove('bob', 'alice', 'auth.forbidden', 403);
        await remove('alice', 'alice', 'group.owner', 409);
        await people.data('bob', 'groups.members.remove', { gid, uid: 'bob' });
        await remove('carol', 'bob', 'user.not-found', 404);
      });

      it('are as many as there is room for', async () => {
        const gid = await people.group('alice', ['bob', 'carol']);
        await people.data('alice', 'groups.members.add', { gid, uids: ['dave', 'bob'] });
        await people.api.token('erin').then((token) => people.ask('me.get', {}, token));
        const more = { gid, uids: ['erin', 'bob'] };
        await people.refused('alice', 'groups.members.add', more, 'group.full', 409);
        await people.data('alice', 'groups.members.add', { gid, uids: ['bob', 'dave'] });
        const members = ['bob', 'carol', 'dave', 'erin'];
        await people.refused('alice', 'groups.create', { name: 'x', members }, 'group.full', 409);
        assert.equal((await people.data('alice', 'groups.get', { gid })).memberCount, 4);
      });
    });

    it('that are of others are not theirs to know', async () => {
      const gid = await people.group('alice', ['bob']);
      const asked: [string, object][] = [
        ['groups.get', {}],
        ['groups.update', { name: 'x' }],
        ['groups.members.update', { uid: 'bob', nick: 'x' }],
        ['groups.requests', {}],
        ['groups.requests.accept', { uid: 'bob' }],
        ['groups.requests.decline', { uid: 'bob' }],
        ['groups.invite', {}],
        ['groups.invites.list', {}],
        ['groups.invites.remove', { code: 'x' }],
      ];
      for (const [name, input] of asked) {
        await people.refused('dave', name, { gid, ...input }, 'group.not-found', 404);
        await people.refused('alice', name, { gid: 'g-nothing', ...input }, 'group.not-found', 404);
      }
    });
  });
}
