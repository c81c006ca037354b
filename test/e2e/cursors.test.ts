import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { directConv } from '../../schemas/event.ts';
import { assertRefused, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import type { User } from '../support/user.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

interface Conversation {
  readonly conv: string;
  readonly unread: number;
  readonly read: number;
  readonly peerRead?: number;
}

const conversationOf = async (user: User, conv: string): Promise<Conversation> => {
  const { status, body } = await user.api.get<{ items: Conversation[] }>('/conversations');
  assert.equal(status, 200);
  const found = body.items.find((one) => one.conv === conv);
  assert.ok(found, `${conv} is not listed`);
  const single = await user.api.get<Conversation>(`/conversations/${conv}`);
  assert.deepEqual(single.body, found);
  return found;
};

describe('read/…', () => {
  it('moves the read cursor on, never back, and tells both users', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const conv = directConv(alice.uid, bob.uid);
    const [from, reader, laptop] = [await alice.connect(), await bob.connect(), await bob.connect()];
    for (let i = 1; i <= 5; i++) await from.publish(`send/u/${bob.uid}`, textMessage(`c-${i}`, 'hi'));
    assert.deepEqual(await conversationOf(bob, conv).then(({ unread, read }) => [unread, read]), [5, 0]);
    assert.equal((await reader.publish(`read/u/${alice.uid}`, { seq: 3 })).reason, 0);
    for (const session of [from, reader, laptop]) {
      const { type, ts, ...notice } = await session.notice('read');
      assert.equal(type, 'read');
      assert.ok(ts > 0);
      assert.deepEqual(notice, { conv, uid: bob.uid, seq: 3 });
    }
    await reader.publish(`read/u/${alice.uid}`, { seq: 2 });
    assert.deepEqual(await conversationOf(bob, conv).then(({ unread, read }) => [unread, read]), [2, 3]);
    assert.equal((await conversationOf(alice, conv)).peerRead, 3);
    await reader.publish(`read/u/${alice.uid}`, { seq: 999 });
    assert.deepEqual(await conversationOf(bob, conv).then(({ unread, read }) => [unread, read]), [0, 5]);
  });

  it('of a group tells who has read what', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const gid = await alice.createGroup([bob, carol]);
    const [from, reader] = [await alice.connect(), await bob.connect()];
    await from.publish(`send/g/${gid}`, textMessage('c-1', 'hi'));
    assert.equal((await conversationOf(bob, `g:${gid}`)).unread, 1);
    await reader.event(`g:${gid}`);
    await reader.publish(`read/g/${gid}`, { seq: 2 });
    assert.deepEqual(
      await conversationOf(bob, `g:${gid}`).then(({ unread, read }) => [unread, read]),
      [0, 2],
    );
    type Receipts = { read: string[]; counts: Record<string, number> };
    const { body } = await alice.api.get<Receipts>(`/conversations/g:${gid}/messages/2/receipts`);
    assert.deepEqual(body.read, [bob.uid]);
    assert.deepEqual([body.counts.members, body.counts.read], [2, 1]);
  });

  it('is refused for what is not a conversation of the user, and for nonsense', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const gid = await bob.createGroup([]);
    const client = await alice.connect();
    assertRefused(await client.publish(`read/g/${gid}`, { seq: 1 }), 0x87, 'send.not-member');
    assertRefused(await client.publish('read/u/nobody', { seq: 1 }), 0x90, 'user.not-found');
    for (const payload of ['', 'x', '{}', '{"seq":0}', '{"seq":1.5}', '{"seq":"1"}', '{"seq":1,"x":1}', '[]'])
      assertRefused(await client.publish(`read/u/${bob.uid}`, payload), 0x99, 'payload.invalid');
  });
});

describe('a delivery', () => {
  it('that is acknowledged is told to the sender, and shown in the receipts', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const conv = directConv(alice.uid, bob.uid);
    const [from, to] = [await alice.connect(), await bob.connect({ acknowledges: false })];
    const path = `/conversations/${conv}/messages/2/receipts`;
    for (const id of ['c-1', 'c-2']) await from.publish(`send/u/${bob.uid}`, textMessage(id, 'hi'));
    const [first, second] = [await to.delivery(), await to.delivery()];
    type Receipts = { delivered: string[]; read: string[]; counts: object };
    const before = await alice.api.get<Receipts>(path);
    assert.deepEqual(before.body, {
      delivered: [],
      read: [],
      counts: { members: 1, delivered: 0, read: 0 },
    });
    for (const { messageId } of [first, second]) to.send({ cmd: 'puback', messageId: messageId! });
    const last = await until('the notice', async () => {
      const notice = await from.notice('delivered');
      return notice.seq === 2 ? notice : undefined;
    });
    assert.deepEqual([last.conv, last.uid], [conv, bob.uid]);
    const after = await alice.api.get<Receipts>(path);
    assert.deepEqual(after.body, {
      delivered: [bob.uid],
      read: [],
      counts: { members: 1, delivered: 1, read: 0 },
    });
  });

  it("to the sender's own devices is no delivery", async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [from, laptop] = [await alice.connect(), await alice.connect()];
    await from.publish(`send/u/${bob.uid}`, 'hi');
    await laptop.event();
    const path = `/conversations/${directConv(alice.uid, bob.uid)}/messages/1/receipts`;
    const { body } = await alice.api.get<{ delivered: string[] }>(path);
    assert.deepEqual(body.delivered, []);
  });
});

describe('typing/…', () => {
  it('is told to the others who are there, and never stored', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const gid = await alice.createGroup([bob, carol]);
    const [a, b, c] = [await alice.connect(), await bob.connect(), await carol.connect()];
    await a.publish(`send/u/${bob.uid}`, 'hi');
    a.post(`typing/u/${bob.uid}`, { on: true }, 0);
    const direct = await b.delivery((topic) => topic === `n/${bob.uid}`);
    assert.equal(direct.qos, 0);
    const { ts, ...notice } = JSON.parse(direct.payload.toString());
    assert.ok(ts > 0);
    assert.deepEqual(notice, {
      type: 'typing',
      conv: directConv(alice.uid, bob.uid),
      uid: alice.uid,
      on: true,
    });
    b.post(`typing/g/${gid}`, { on: false }, 0);
    for (const member of [a, c]) {
      const told = await member.notice('typing');
      assert.deepEqual([told.conv, told.uid, told.on], [`g:${gid}`, bob.uid, false]);
    }
    await b.ping();
    assert.equal(
      b.inbox.some((packet) => packet.cmd === 'publish' && packet.topic.startsWith('n/')),
      false,
    );
    const { body } = await alice.api.get<{ head: { seq: number } }>(`/conversations/g:${gid}`);
    assert.equal(body.head.seq, 1);
  });
});
