import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertRefused, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

describe('a group', () => {
  it('begins with an event of its creation, and carries messages among its members alone', async () => {
    const [alice, bob, carol, dave] = await petrel.users('alice', 'bob', 'carol', 'dave');
    const sessions = await Promise.all([alice, bob, carol].map((user) => user.connect()));
    const stranger = await dave.connect();
    const gid = await alice.createGroup([bob, carol]);
    const conv = `g:${gid}`;
    for (const session of sessions) {
      const created = await session.event(conv);
      assert.deepEqual([created.seq, created.n, created.type, created.from], [1, 0, 'group', alice.uid]);
      assert.equal(created.body?.action, 'created');
    }
    const ack = await sessions[1]!.publish(`send/g/${gid}`, textMessage('c-1', 'hi'));
    assert.equal(ack.properties.conv, conv);
    assert.equal(ack.properties.seq, '2');
    for (const session of sessions) {
      const packet = await session.delivery((topic) => topic === `g/${gid}`);
      const event = JSON.parse(packet.payload.toString());
      assert.deepEqual([event.seq, event.n, event.from, event.id], [2, 1, bob.uid, 'c-1']);
      assert.deepEqual(await session.unexpectedEvents(), []);
    }
    assert.deepEqual(await stranger.undelivered(), []);
    assertRefused(await stranger.publish(`send/g/${gid}`, 'hi'), 0x87, 'send.not-member');
  });

  it('is received from the moment of joining, and no longer after the removal', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const gid = await alice.createGroup([]);
    const conv = `g:${gid}`;
    const [owner, member] = [await alice.connect(), await bob.connect()];
    await owner.publish(`send/g/${gid}`, 'before');
    assert.equal((await alice.api.post(`/groups/${gid}/members`, { uids: [bob.uid] })).status, 200);
    assert.deepEqual(await member.notice('group').then(({ gid: of, action }) => [of, action]), [
      gid,
      'added',
    ]);
    const joined = await member.event(conv);
    assert.deepEqual([joined.seq, joined.type, joined.body?.action], [3, 'member', 'added']);
    assert.deepEqual(joined.body?.uids, [bob.uid]);
    assert.equal(joined.body?.by, alice.uid);
    await owner.publish(`send/g/${gid}`, textMessage('c-1', 'hi'));
    assert.equal((await member.event(conv)).id, 'c-1');
    assert.equal((await member.publish(`send/g/${gid}`, textMessage('c-1', 'hi'))).reason, 0);
    await member.event(conv);
    assert.equal((await alice.api.delete(`/groups/${gid}/members/${bob.uid}`)).status, 204);
    assert.deepEqual(await member.notice('group').then(({ gid: of, action }) => [of, action]), [
      gid,
      'removed',
    ]);
    // The last it hears of the group is that it is out.
    const removed = await member.event(conv);
    assert.deepEqual([removed.seq, removed.body?.action, removed.body?.uids], [6, 'removed', [bob.uid]]);
    await owner.publish(`send/g/${gid}`, 'after');
    assertRefused(await member.publish(`send/g/${gid}`, 'hi'), 0x87, 'send.not-member');
    assert.deepEqual(await member.subscribe([`g/${gid}`]), [0x87]);
    assert.deepEqual(await member.unexpectedEvents(), []);
  });

  it('is left by its members and ended by its owner', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const gid = await alice.createGroup([bob, carol]);
    const [b, c] = [await bob.connect(), await carol.connect()];
    assert.equal((await bob.api.post(`/groups/${gid}/leave`)).status, 204);
    await b.notice('group');
    const left = await c.event(`g:${gid}`);
    assert.deepEqual([left.type, left.body?.action, left.body?.uids], ['member', 'left', [bob.uid]]);
    const owners = await alice.api.post(`/groups/${gid}/leave`);
    assert.equal(owners.status, 409);
    const forbidden = await carol.api.delete(`/groups/${gid}`);
    assert.deepEqual([forbidden.status, forbidden.body.code], [403, 'auth.forbidden']);
    assert.equal((await alice.api.delete(`/groups/${gid}`)).status, 204);
    assert.equal((await c.notice('group')).action, 'dissolved');
    assertRefused(await c.publish(`send/g/${gid}`, 'hi'), 0x90, 'group.not-found');
    assert.equal((await carol.api.get(`/groups/${gid}`)).status, 404);
  });

  it('is made and changed over MQTT as over HTTP', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [client, member] = [await alice.connect(), await bob.connect({ version: 4 })];
    const created = await client.request('groups.create', { name: 'by MQTT', members: [bob.uid] });
    assert.equal(created.ok, true);
    const gid = created.data?.gid as string;
    await member.event(`g:${gid}`);
    const members = await client.request('groups.members.list', { gid });
    const items = (members.data?.items ?? []) as { uid: string; role: string }[];
    assert.deepEqual(
      items.map(({ uid, role }) => [uid, role]),
      [
        [alice.uid, 'owner'],
        [bob.uid, 'member'],
      ],
    );
    const theirs = await member.request('groups.list');
    const groups = (theirs.data?.items ?? []) as { gid: string; role: string }[];
    assert.deepEqual(
      groups.map((group) => [group.gid, group.role]),
      [[gid, 'member']],
    );
    assert.equal((await client.request('groups.members.remove', { gid, uid: bob.uid })).ok, true);
    const refused = await member.request('groups.get', { gid });
    assert.deepEqual([refused.ok, refused.error?.code], [false, 'group.not-found']);
    assert.equal((await client.request('groups.dissolve', { gid })).ok, true);
  });

  it('is for its members alone to know', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const gid = await alice.createGroup([]);
    for (const path of [
      `/groups/${gid}`,
      `/groups/${gid}/members`,
      `/conversations/g:${gid}`,
      `/conversations/g:${gid}/messages`,
      `/conversations/g:${gid}/messages/1/receipts`,
    ])
      assert.equal((await bob.api.get(path)).status, 404, path);
    assert.equal((await bob.api.post(`/groups/${gid}/members`, { uids: [bob.uid] })).status, 404);
  });

  it('refuses members who do not exist, and changes by members who may not', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const gid = await alice.createGroup([bob]);
    const missing = await alice.api.post(`/groups/${gid}/members`, { uids: ['nobody'] });
    assert.deepEqual([missing.status, missing.body.code], [404, 'user.not-found']);
    const forbidden = await bob.api.post(`/groups/${gid}/members`, { uids: [carol.uid] });
    assert.deepEqual([forbidden.status, forbidden.body.code], [403, 'auth.forbidden']);
    assert.equal((await bob.api.delete(`/groups/${gid}/members/${alice.uid}`)).status, 403);
  });

  for (const [history, seqs] of [
    ['joined', [4, 5]],
    ['all', [1, 2, 3, 4, 5]],
  ] as const)
    it(`of history "${history}" shows a new member ${seqs.length} of 5 events`, async () => {
      const [alice, bob] = await petrel.users('alice', 'bob');
      const gid = await alice.createGroup([], { history });
      const owner = await alice.connect();
      for (const text of ['one', 'two']) await owner.publish(`send/g/${gid}`, text);
      await alice.api.post(`/groups/${gid}/members`, { uids: [bob.uid] });
      await owner.publish(`send/g/${gid}`, 'three');
      type Events = { events: { seq: number }[] };
      const { body } = await bob.api.get<Events>(`/conversations/g:${gid}/messages`);
      assert.deepEqual(
        body.events.map(({ seq }) => seq),
        seqs,
      );
      const sync = await bob.api.post<{ conversations: Events[] }>('/sync', {});
      assert.deepEqual(
        sync.body.conversations[0]?.events.map(({ seq }) => seq),
        seqs,
      );
    });

  it('is shown to an absent session from the joining to the removal', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const options = { clientId: 'phone', clean: false, expiry: 600 };
    await (await bob.connect(options)).drop();
    const owner = await alice.connect();
    const gid = await alice.createGroup([]);
    await owner.publish(`send/g/${gid}`, textMessage('before', 'hi'));
    await alice.api.post(`/groups/${gid}/members`, { uids: [bob.uid] });
    await owner.publish(`send/g/${gid}`, textMessage('c-1', 'hi'));
    const first = await bob.connect(options);
    assert.deepEqual(
      (await first.events(2, `g:${gid}`)).map(({ seq }) => seq),
      [3, 4],
    );
    await first.drop();
    await owner.publish(`send/g/${gid}`, textMessage('c-2', 'hi'));
    await alice.api.delete(`/groups/${gid}/members/${bob.uid}`);
    const second = await bob.connect(options);
    assert.deepEqual(await second.unexpectedEvents(), []);
  });
});
