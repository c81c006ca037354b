import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { directConv } from '../../schemas/event.ts';
import { assertRefused, type ChatClient, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import type { User } from '../support/user.ts';

const ok = async (answer: Promise<{ status: number }>) => {
  const { status } = await answer;
  assert.ok(status < 300, `status ${status}`);
};

/** Nothing of this type was told to the client until now. */
const isSilent = async (client: ChatClient, type: string): Promise<void> => {
  await client.ping();
  const notices = client.inbox.filter(
    (packet) =>
      packet.cmd === 'publish' &&
      packet.topic.startsWith('n/') &&
      (JSON.parse(packet.payload.toString()) as { type: string }).type === type,
  );
  assert.deepEqual(notices, []);
};

describe('direct.policy friends', () => {
  const petrel = new Petrel({ PETREL_DIRECT_POLICY: 'friends' });
  before(() => petrel.start());
  after(() => petrel.remove());

  const becomeFriends = async (one: User, other: User) => {
    const { body } = await one.api.post<{ id: string }>('/friends/requests', { uid: other.uid });
    await ok(other.api.post(`/friends/requests/${body.id}/accept`, {}));
  };

  it('opens a conversation as soon as the two are friends, and closes it when they are not', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [a, b] = [await alice.connect(), await bob.connect()];
    const toBob = `send/u/${bob.uid}`;
    const toAlice = `send/u/${alice.uid}`;
    assertRefused(await a.publish(toBob, textMessage('1', 'x')), 0x87, 'send.not-friends');
    assertRefused(await b.publish(toAlice, textMessage('1', 'x')), 0x87, 'send.not-friends');

    const { data } = await a.request('friends.request', { uid: bob.uid });
    assert.equal((await b.notice('friend')).action, 'request');
    assertRefused(await a.publish(toBob, textMessage('2', 'x')), 0x87, 'send.not-friends');
    assert.equal((await b.request('friends.accept', { id: data!.id })).ok, true);
    assert.equal((await a.publish(toBob, textMessage('3', 'x'))).reason, 0);
    assert.equal((await b.publish(toAlice, textMessage('3', 'x'))).reason, 0);
    assert.deepEqual(
      (await a.events(2)).map(({ seq }) => seq),
      [1, 2],
    );

    await ok(bob.api.delete(`/friends/${alice.uid}`));
    assertRefused(await a.publish(toBob, textMessage('4', 'x')), 0x87, 'send.not-friends');
    assertRefused(await b.publish(toAlice, textMessage('4', 'x')), 0x87, 'send.not-friends');
    await becomeFriends(alice, bob);
    assert.equal((await a.publish(toBob, textMessage('5', 'x'))).reason, 0);
  });

  it('tells all devices of both what becomes of a request', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const clients = [await alice.connect(), await alice.connect(), await bob.connect()];
    await becomeFriends(alice, bob);
    const seen = await Promise.all(
      clients.map(async (client) => [await client.notice('friend'), await client.notice('friend')]),
    );
    assert.deepEqual(
      seen.map((notices) => notices.map(({ action, uid, direction }) => [action, uid, direction])),
      [bob, bob, alice].map(({ uid }, i) => [
        ['request', uid, i === 2 ? 'in' : 'out'],
        ['accepted', uid, undefined],
      ]),
    );
  });

  it('lets everybody write to themselves, and members of a group to it', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await alice.connect();
    assert.equal((await client.publish(`send/u/${alice.uid}`, textMessage('1', 'note'))).reason, 0);
    const gid = await alice.createGroup([bob]);
    assert.equal((await client.publish(`send/g/${gid}`, textMessage('1', 'x'))).reason, 0);
  });

  it('is told to MQTT 3.1.1 clients by an error notice', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await alice.connect({ version: 4 });
    const id = client.post(`send/u/${bob.uid}`, textMessage('1', 'x'));
    assert.equal((await client.notice('error')).code, 'send.not-friends');
    assert.equal((await client.next('puback')).messageId, id);
  });

  it('lets the server write to all', async () => {
    const [bob, operator] = [await petrel.user('bob'), await petrel.user('op', { scope: 'admin' })];
    const client = await bob.connect();
    await ok(
      operator.api.post('/admin/messages', { type: 'text', body: { text: 'hi' }, to: bob.uid, id: '1' }),
    );
    assert.equal((await client.event()).from, 'system');
  });
});

describe('a block', () => {
  const petrel = new Petrel();
  before(() => petrel.start());
  after(() => petrel.remove());

  it('refuses the very next message of either, on connections that have just written', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [a, b] = [await alice.connect(), await bob.connect({ version: 4 })];
    const [toBob, toAlice] = [`send/u/${bob.uid}`, `send/u/${alice.uid}`];
    assert.equal((await a.publish(toBob, textMessage('1', 'x'))).reason, 0);
    assert.equal((await b.publish(toAlice, textMessage('1', 'x'))).reason, 0);
    await ok(bob.api.put(`/blocks/${alice.uid}`, {}));
    assertRefused(await a.publish(toBob, textMessage('2', 'x')), 0x87, 'send.blocked');
    const id = b.post(toAlice, textMessage('2', 'x'));
    assert.equal((await b.notice('error')).code, 'send.blocked');
    assert.equal((await b.next('puback')).messageId, id);
    await ok(bob.api.delete(`/blocks/${alice.uid}`));
    assert.equal((await a.publish(toBob, textMessage('3', 'x'))).reason, 0);
    const { body } = await bob.api.get(`/conversations/${directConv(alice.uid, bob.uid)}/messages`);
    assert.equal((body.events as unknown[]).length, 3);
  });

  it('lets nothing through that is published after it was answered, however fast one writes', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [a, b] = [await alice.connect(), await bob.connect()];
    const toBob = `send/u/${bob.uid}`;
    for (let i = 0; i < 10; i++) {
      const before = Array.from({ length: 20 }, (_, n) => a.post(toBob, textMessage(`${i}-b${n}`, 'x')));
      assert.equal((await b.request('blocks.add', { uid: alice.uid })).ok, true);
      const refused = Array.from({ length: 20 }, (_, n) => a.post(toBob, textMessage(`${i}-a${n}`, 'x')));
      for (const id of before) await a.acked(id);
      for (const id of refused) assertRefused(await a.acked(id), 0x87, 'send.blocked');
      assert.equal((await b.request('blocks.remove', { uid: alice.uid })).ok, true);
    }
  });

  it('silences typing either way', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [a, b] = [await alice.connect(), await bob.connect()];
    await a.publish(`send/u/${bob.uid}`, textMessage('1', 'x'));
    a.post(`typing/u/${bob.uid}`, { on: true }, 0);
    assert.equal((await b.notice('typing')).uid, alice.uid);
    assert.equal((await b.request('blocks.add', { uid: alice.uid })).ok, true);
    a.post(`typing/u/${bob.uid}`, { on: true }, 0);
    b.post(`typing/u/${alice.uid}`, { on: true }, 0);
    await a.ping();
    await b.ping();
    await isSilent(a, 'typing');
    await isSilent(b, 'typing');
  });

  it('holds after a crash', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    await ok(bob.api.put(`/blocks/${alice.uid}`, {}));
    await petrel.kill();
    await petrel.start();
    const client = await alice.connect();
    assertRefused(await client.publish(`send/u/${bob.uid}`, textMessage('1', 'x')), 0x87, 'send.blocked');
  });
});
