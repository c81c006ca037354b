import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertRefused, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

const far = 9_000_000_000_000;

describe('a change of a group, on live connections', () => {
  it('mutes a member with its answer, until the time it says', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const gid = await alice.createGroup([bob]);
    const [owner, member] = [await alice.connect(), await bob.connect()];
    const old = await bob.connect({ version: 4 });
    const mute = (mutedUntil: number | null) =>
      alice.api.patch(`/groups/${gid}/members/${bob.uid}`, { mutedUntil });
    for (let i = 0; i < 5; i++) {
      assert.equal((await member.publish(`send/g/${gid}`, 'hi')).reason, 0);
      assert.equal((await mute(far)).status, 200);
      assertRefused(await member.publish(`send/g/${gid}`, 'hi'), 0x87, 'send.muted');
      assert.equal((await mute(null)).status, 200);
    }
    await mute(far);
    await old.publish(`send/g/${gid}`, 'hi');
    assert.equal((await old.notice('error')).code, 'send.muted');
    assert.equal((await owner.publish(`send/g/${gid}`, 'hi')).reason, 0);
    const end = Date.now() + 1000;
    await mute(end);
    await until(
      'the end of the mute',
      async () => (await member.publish(`send/g/${gid}`, 'hi')).reason === 0,
    );
    assert.ok(Date.now() >= end);
  });

  it('mutes all but owner and admins, as roles change', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const gid = await alice.createGroup([bob]);
    const [owner, member] = [await alice.connect(), await bob.connect()];
    const send = (client: typeof owner) => client.publish(`send/g/${gid}`, 'hi');
    const setRole = (role: string) => owner.request('groups.members.update', { gid, uid: bob.uid, role });
    assert.equal((await send(member)).reason, 0);
    assert.equal((await owner.request('groups.update', { gid, muted: true })).ok, true);
    assertRefused(await send(member), 0x87, 'send.muted');
    assert.equal((await send(owner)).reason, 0);
    assert.equal((await setRole('admin')).ok, true);
    assert.equal((await send(member)).reason, 0);
    assert.equal((await setRole('member')).ok, true);
    assertRefused(await send(member), 0x87, 'send.muted');
    assert.equal((await setRole('owner')).ok, true);
    assert.equal((await send(member)).reason, 0);
    assert.equal(
      (await member.request('groups.members.update', { gid, uid: alice.uid, role: 'member' })).ok,
      true,
    );
    assertRefused(await send(owner), 0x87, 'send.muted');
  });

  it('is told to all members in the order of the changes', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const gid = await alice.createGroup([bob]);
    const member = await bob.connect();
    await alice.api.patch(`/groups/${gid}`, { name: 'Fish', announcement: 'Hear!' });
    await alice.api.patch(`/groups/${gid}`, { announcement: null });
    await alice.api.patch(`/groups/${gid}/members/${bob.uid}`, { role: 'admin', nick: 'B' });
    await alice.api.patch(`/groups/${gid}/members/${bob.uid}`, { role: 'owner' });
    const events = await member.events(5, `g:${gid}`);
    assert.deepEqual(
      events.map(({ seq, type, body }) => [seq, type, body]),
      [
        [2, 'group', { action: 'updated', name: 'Fish', announcement: 'Hear!' }],
        [3, 'group', { action: 'updated', announcement: null }],
        [4, 'member', { action: 'nick', nick: 'B', uids: [bob.uid], by: alice.uid }],
        [5, 'member', { action: 'role', role: 'admin', uids: [bob.uid], by: alice.uid }],
        [6, 'group', { action: 'owner', uid: bob.uid, by: alice.uid }],
      ],
    );
  });

  it('takes a member out of what others write at that moment', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    for (let round = 0; round < 5; round++) {
      const gid = await alice.createGroup([bob, carol]);
      const conv = `g:${gid}`;
      const [writer, member] = [await carol.connect(), await bob.connect()];
      const post = (from: number) => {
        for (let i = from; i < from + 100; i++) writer.post(`send/g/${gid}`, textMessage(`c-${i}`, 'hi'));
      };
      post(0);
      const removing = alice.api.delete(`/groups/${gid}/members/${bob.uid}`);
      post(100);
      assert.equal((await removing).status, 204);
      post(200);
      const events = await member.events(1, conv);
      while (events.at(-1)?.type !== 'member') events.push(await member.event(conv));
      assert.deepEqual(events.at(-1)?.body?.uids, [bob.uid]);
      await writer.undelivered();
      assert.deepEqual(await member.unexpectedEvents(), []);
      await member.drop();
      await writer.drop();
    }
  });

  it('brings a member in amidst what others write, without a gap', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    for (let round = 0; round < 5; round++) {
      const gid = await alice.createGroup([carol], { join: 'open' });
      const conv = `g:${gid}`;
      const [writer, member] = [await carol.connect(), await bob.connect()];
      const post = (from: number) => {
        for (let i = from; i < from + 100; i++) writer.post(`send/g/${gid}`, textMessage(`c-${i}`, 'hi'));
      };
      post(0);
      const joining = bob.api.post(`/groups/${gid}/join`);
      post(100);
      assert.equal((await joining).status, 200);
      const first = await member.event(conv);
      assert.deepEqual([first.type, first.body?.action], ['member', 'joined']);
      const rest = await member.events(202 - first.seq, conv);
      assert.deepEqual(
        rest.map(({ seq }) => seq),
        rest.map((_, i) => first.seq + 1 + i),
      );
      await member.drop();
      await writer.drop();
    }
  });

  it('asks owner and admins, and tells who asked', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const gid = await alice.createGroup([bob], { join: 'approve' });
    const [owner, asker, member] = [await alice.connect(), await carol.connect(), await bob.connect()];
    const ask = async () => (await asker.request('groups.join', { gid })).data?.state;
    assert.equal(await ask(), 'pending');
    const { type: _, ts: __, ...notice } = await owner.notice('group');
    assert.deepEqual(notice, { gid, action: 'request', uid: carol.uid });
    await owner.request('groups.requests.decline', { gid, uid: carol.uid });
    assert.equal((await asker.notice('group')).action, 'declined');
    assert.equal(await ask(), 'pending');
    await owner.request('groups.requests.accept', { gid, uid: carol.uid });
    assert.equal((await asker.notice('group')).action, 'added');
    const joined = await asker.event(`g:${gid}`);
    assert.deepEqual(joined.body, { action: 'joined', uids: [carol.uid], by: alice.uid });
    assert.equal((await asker.publish(`send/g/${gid}`, 'hi')).reason, 0);
    assert.deepEqual(await member.undelivered(), [`g:${gid} 2`, `g:${gid} 3`]);
  });

  it('opens the past at once, and pushes nobody all of it', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const gid = await alice.createGroup([]);
    const conv = `g:${gid}`;
    const [owner, member, late] = [await alice.connect(), await bob.connect(), await carol.connect()];
    for (const id of ['c-1', 'c-2']) await owner.publish(`send/g/${gid}`, textMessage(id, 'hi'));
    await alice.api.post(`/groups/${gid}/members`, { uids: [bob.uid] });
    await alice.api.patch(`/groups/${gid}`, { history: 'all' });
    type Events = { events: { seq: number }[] };
    const { body } = await bob.api.get<Events>(`/conversations/${conv}/messages`);
    assert.deepEqual(
      body.events.map(({ seq }) => seq),
      [1, 2, 3, 4, 5],
    );
    await alice.api.post(`/groups/${gid}/members`, { uids: [carol.uid] });
    await member.events(3, conv);
    assert.equal((await late.event(conv)).seq, 6);
    assert.deepEqual(await member.undelivered(), [`n/${bob.uid}`]);
    assert.deepEqual(await late.undelivered(), [`n/${carol.uid}`]);
  });
});
