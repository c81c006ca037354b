import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { doors } from '../doors.ts';
import { type People, startPeople } from '../people.ts';

type Body = Record<string, unknown>;

for (const door of doors) {
  describe(`an application's backend and groups, over ${door.name}`, () => {
    let people: People;
    let token: string;
    before(async () => {
      people = await startPeople(door, ['alice', 'bob', 'carol']);
      token = await people.admin();
    });
    after(() => people.api.stop());

    const ask = (name: string, input: object) => people.ask(name, input, token);
    const asked = async (name: string, input: object) => {
      const { code, data } = await ask(name, input);
      assert.equal(code, undefined, `${name}: ${code}`);
      return data;
    };
    const stored = async (gid: string) => {
      const events = await people.api.timeline.range({ conv: `g:${gid}`, after: 0, limit: 1000 });
      return events.map(({ raw, from, seq }) => {
        const { type, body } = JSON.parse(Buffer.from(raw).toString()) as { type: string; body: Body };
        return { seq, type, from, body };
      });
    };

    it('makes a group for somebody, and is no member of it', async () => {
      const made = await asked('groups.create', { name: 'Birds', owner: 'alice', members: ['bob', 'alice'] });
      assert.deepEqual([made.owner, made.memberCount, made.role], ['alice', 2, undefined]);
      const gid = made.gid as unknown as string;
      const [created] = await stored(gid);
      assert.equal(created!.from, 'system');
      assert.deepEqual(created!.body.uids, ['alice', 'bob']);
      const told = people.notices('alice', 'group').map((notice) => 'gid' in notice && notice.gid);
      assert.ok(told.includes(gid));
      assert.equal((await people.data('alice', 'groups.get', { gid })).role, 'owner');
      assert.equal((await ask('history', { conv: `g:${gid}` })).code, 'conversation.not-found');
      const other = { name: 'x', owner: 'bob' };
      await people.refused('alice', 'groups.create', other, 'auth.forbidden', 403);
      const own = await people.data('alice', 'groups.create', { name: 'x', owner: 'alice' });
      assert.equal(own.role, 'owner');
      assert.equal((await ask('groups.create', { name: 'x', owner: 'nobody' })).code, 'user.not-found');
      assert.equal((await ask('groups.create', { name: 'x', owner: 'anonymous' })).code, 'user.not-found');
    });

    it('changes any group as the system', async () => {
      const gid = await people.group('alice', ['bob']);
      await asked('groups.update', { gid, name: 'Fish', join: 'approve' });
      await asked('groups.members.add', { gid, uids: ['carol'] });
      await asked('groups.members.update', { gid, uid: 'bob', role: 'admin' });
      await asked('groups.members.update', { gid, uid: 'alice', nick: 'A' });
      await asked('groups.members.update', { gid, uid: 'carol', role: 'owner' });
      await asked('groups.members.remove', { gid, uid: 'bob' });
      assert.equal((await ask('groups.members.remove', { gid, uid: 'carol' })).code, 'auth.forbidden');
      assert.equal(
        (await ask('groups.members.update', { gid, uid: 'carol', mutedUntil: 9e12 })).code,
        'auth.forbidden',
      );
      const events = (await stored(gid)).slice(1);
      assert.deepEqual(
        events.map(({ from, body }) => [from, body.action, body.by]),
        [
          ['system', 'updated', undefined],
          ['system', 'added', 'system'],
          ['system', 'role', 'system'],
          ['system', 'nick', 'system'],
          ['system', 'owner', 'system'],
          ['system', 'removed', 'system'],
        ],
      );
      await people.data('bob', 'groups.join', { gid });
      await asked('groups.requests.accept', { gid, uid: 'bob' });
      assert.equal((await asked('groups.get', { gid })).memberCount, 3);
      const { items } = await asked('groups.members.list', { gid });
      assert.equal((items as unknown as Body[]).length, 3);
      const { code } = await asked('groups.invite', { gid });
      assert.equal(typeof code, 'string');
      await asked('groups.dissolve', { gid });
      assert.equal((await stored(gid)).at(-1)!.from, 'system');
    });

    it('adds ten thousand members in one call, in events of 500', async () => {
      const uids = Array.from({ length: 10_000 }, (_, i) => `m${i}`);
      await people.api.directory.ensureUsers(uids, 1);
      const gid = await people.group('alice', ['m0', 'm7000']);
      const answer = await asked('groups.members.add', { gid, uids });
      assert.deepEqual([answer.memberCount, (answer.added as unknown as string[]).length], [10_001, 9998]);
      const events = (await stored(gid)).slice(1);
      assert.equal(events.length, 20);
      assert.deepEqual(
        events.map(({ seq }) => seq),
        events.map((_, i) => i + 2),
      );
      const named = events.flatMap(({ body }) => body.uids as string[]);
      assert.deepEqual(
        named,
        uids.filter((uid) => uid !== 'm0' && uid !== 'm7000'),
      );
      for (const { body } of events) assert.ok((body.uids as string[]).length <= 500);
      assert.equal((await people.api.directory.groupFacts(gid, 'm9999')).member?.since, 21);
      assert.deepEqual((await asked('groups.members.add', { gid, uids })).added, []);
      const missing = ['nobody', ...uids.slice(1)];
      const other = await people.group('alice');
      assert.equal((await ask('groups.members.add', { gid: other, uids: missing })).code, 'user.not-found');
      assert.equal((await asked('groups.get', { gid: other })).memberCount, 1);
      await asked('groups.dissolve', { gid });
      assert.equal(await people.api.directory.getMember(gid, 'm5'), undefined);
    });
  });
}

describe('a call with many members', () => {
  it('adds nobody where there is no room for all', async () => {
    const people = await startPeople(doors[0]!, ['alice'], { groups: { maxMembers: 1000 } });
    const uids = Array.from({ length: 1001 }, (_, i) => `m${i}`);
    await people.api.directory.ensureUsers(uids, 1);
    const gid = await people.group('alice', uids.slice(0, 500));
    await people.refused(
      'alice',
      'groups.members.add',
      { gid, uids: uids.slice(0, 1000) },
      'group.full',
      409,
    );
    assert.equal((await people.data('alice', 'groups.get', { gid })).memberCount, 501);
    await people.data('alice', 'groups.members.add', { gid, uids: uids.slice(0, 999) });
    await people.data('alice', 'groups.members.add', { gid, uids: uids.slice(0, 999) });
    assert.equal((await people.data('alice', 'groups.get', { gid })).memberCount, 1000);
    await people.api.stop();
  });

  it('that is cut short is completed by the same call', async () => {
    const people = await startPeople(doors[0]!, ['alice']);
    const uids = Array.from({ length: 1200 }, (_, i) => `m${i}`);
    await people.api.directory.ensureUsers(uids, 1);
    const gid = await people.group('alice');
    const { directory } = people.api;
    const whole = directory.changeGroup;
    let calls = 0;
    directory.changeGroup = (id, change) => {
      calls += 1;
      return calls === 2 ? Promise.reject(new Error('away')) : whole(id, change);
    };
    const { code } = await people.as('alice', 'groups.members.add', { gid, uids });
    assert.equal(code, 'server.error');
    directory.changeGroup = whole;
    assert.equal((await people.data('alice', 'groups.get', { gid })).memberCount, 501);
    assert.deepEqual(await directory.owingGroups(10), []);
    const { added, memberCount } = await people.data('alice', 'groups.members.add', { gid, uids });
    assert.deepEqual([(added as unknown as string[]).length, memberCount], [700, 1201]);
    await people.api.stop();
  });
});
