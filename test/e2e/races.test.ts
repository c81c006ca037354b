import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { directConv } from '../../schemas/event.ts';
import { SqliteConnection } from '../../store/sqlite/connection.ts';
import { eventOf, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

const kept = { clientId: 'phone', clean: false, expiry: 600 };
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('at the same time', () => {
  it('the same message on many connections and both doors is stored once', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const conv = directConv(alice.uid, bob.uid);
    const to = await bob.connect();
    const connections = await Promise.all(range(1, 8).map(() => alice.connect()));
    for (let round = 1; round <= 10; round++) {
      const message = textMessage(`c-${round}`, 'hi');
      const [acks, reply] = await Promise.all([
        Promise.all(connections.map((client) => client.publish(`send/u/${bob.uid}`, message))),
        alice.api.post(`/conversations/${conv}/messages`, message),
      ]);
      const seqs = [...acks.map(({ properties }) => Number(properties.seq)), reply.body.seq];
      assert.deepEqual(new Set(seqs), new Set([round]));
      const first = acks.filter(({ properties }) => properties.dup === undefined).length;
      assert.equal(first + (reply.status === 201 ? 1 : 0), 1);
    }
    assert.deepEqual(
      (await to.events(10)).map(({ seq }) => seq),
      range(1, 10),
    );
    assert.deepEqual(await to.unexpectedEvents(), []);
  });

  it('many senders to one group get seqs without holes, which all members see in order', async () => {
    const users = await petrel.users('alice', 'bob', 'carol', 'dave');
    const gid = await users[0].createGroup(users.slice(1));
    const clients = await Promise.all(users.map((user) => user.connect()));
    await Promise.all(
      clients.map(async (client, who) => {
        const ids = range(1, 50).map((i) => client.post(`send/g/${gid}`, textMessage(`${who}-${i}`, 'hi')));
        for (const id of ids) assert.equal((await client.acked(id)).reason, 0);
      }),
    );
    for (const client of clients)
      assert.deepEqual(
        (await client.events(200, `g:${gid}`)).map(({ seq }) => seq),
        range(2, 201),
      );
  });

  it('the end of a connection is stored before a later one has its session', async () => {
    const own = new Petrel();
    try {
      await own.start();
      const bob = await own.user('bob');
      const fighters = await Promise.all(
        range(1, 20).map(() => bob.connect({ ...kept, acknowledges: false }).catch(() => undefined)),
      );
      const alive = () => fighters.filter((client) => client?.isOpen === true);
      await until('one connection', () => alive().length === 1);
      await own.kill();
      const file = await SqliteConnection.open(join(own.dataDir, 'sessions.db'));
      const { rows } = await file.run('select disconnected_at from sessions');
      await file.close();
      assert.deepEqual(
        (rows as { disconnected_at: number | null }[]).map((row) => row.disconnected_at),
        [null],
      );
    } finally {
      await own.remove();
    }
  });

  it('connections that fight for one session leave one, and the session whole', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    await (await bob.connect(kept)).disconnect();
    const from = await alice.connect();
    for (let i = 1; i <= 5; i++) await from.publish(`send/u/${bob.uid}`, textMessage(`c-${i}`, 'hi'));
    const fighters = await Promise.all(
      range(1, 20).map(() => bob.connect({ ...kept, acknowledges: false }).catch(() => undefined)),
    );
    const alive = () => fighters.filter((client) => client?.isOpen === true);
    await until('one connection', () => alive().length === 1);
    const [last] = alive();
    assert.deepEqual(
      (await last!.events(5)).map(({ seq }) => seq),
      range(1, 5),
    );
    await last!.drop();
    const calm = await bob.connect(kept);
    assert.equal(calm.connack.sessionPresent, true);
    assert.deepEqual(
      (await calm.events(5)).map(({ seq }) => seq),
      range(1, 5),
    );
  });

  it('messages that come while a session is replayed follow it in order, once', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const from = await alice.connect();
    for (const receiveMaximum of [3, 500]) {
      const options = { ...kept, clientId: `phone-${receiveMaximum}`, receiveMaximum };
      await (await bob.connect(options)).disconnect();
      const send = (count: number) =>
        range(1, count).map((i) =>
          from.post(`send/u/${bob.uid}`, textMessage(`${receiveMaximum}-${from.nextId()}-${i}`, 'hi')),
        );
      for (const id of send(200)) await from.acked(id);
      const ids = send(200);
      const to = await bob.connect(options);
      for (const id of ids) await from.acked(id);
      const first = await to.event();
      const rest = await to.events(399);
      assert.deepEqual(
        rest.map(({ seq }) => seq),
        range(first.seq + 1, first.seq + 399),
      );
      assert.deepEqual(await to.unexpectedEvents(), []);
    }
  });

  it('additions and removals end in what the group says, and what is sent meanwhile is seen or refused', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const gid = await alice.createGroup([]);
    const [owner, member] = [await alice.connect(), await bob.connect()];
    for (let round = 0; round < 10; round++) {
      const change =
        round % 2 === 0
          ? alice.api.post(`/groups/${gid}/members`, { uids: [bob.uid] })
          : alice.api.delete(`/groups/${gid}/members/${bob.uid}`);
      await Promise.all([change, owner.publish(`send/g/${gid}`, 'x'), member.publish(`send/g/${gid}`, 'y')]);
      const { reason } = await member.publish(`send/g/${gid}`, 'z');
      assert.equal(reason, round % 2 === 0 ? 0 : 0x87);
      await owner.publish(`send/g/${gid}`, textMessage(`round-${round}`, 'w'));
      await member.ping();
      const seen = member.inbox.some(
        (packet) =>
          packet.cmd === 'publish' && packet.topic === `g/${gid}` && eventOf(packet).id === `round-${round}`,
      );
      assert.equal(seen, round % 2 === 0, `round ${round}`);
    }
    const { body } = await alice.api.get<{ head: { seq: number } }>(`/conversations/g:${gid}`);
    assert.deepEqual(
      (await owner.events(body.head.seq - 1, `g:${gid}`)).map(({ seq }) => seq),
      range(2, body.head.seq),
    );
  });
});

describe('a member who was removed and added again', () => {
  it('sees nothing of what was said in between, live, on resume and in history', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const gid = await alice.createGroup([bob]);
    const owner = await alice.connect();
    const phone = await bob.connect(kept);
    await owner.publish(`send/g/${gid}`, textMessage('before', 'x'));
    assert.equal((await phone.event()).id, 'before');
    await phone.disconnect();
    await alice.api.delete(`/groups/${gid}/members/${bob.uid}`);
    await owner.publish(`send/g/${gid}`, textMessage('between', 'x'));
    await alice.api.post(`/groups/${gid}/members`, { uids: [bob.uid] });
    await owner.publish(`send/g/${gid}`, textMessage('after', 'x'));
    const again = await bob.connect(kept);
    assert.deepEqual(
      (await again.events(2)).map(({ seq, type }) => [seq, type]),
      [
        [5, 'member'],
        [6, 'text'],
      ],
    );
    assert.deepEqual(await again.unexpectedEvents(), []);
    const { body } = await bob.api.get<{ events: { seq: number }[] }>(`/conversations/g:${gid}/messages`);
    assert.deepEqual(
      body.events.map(({ seq }) => seq),
      [5, 6],
    );
  });
});

describe('notices and answers', () => {
  it('have their place in the window of a client that takes one at a time', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const options = { receiveMaximum: 1, acknowledges: false };
    const [from, to] = [await alice.connect(), await bob.connect(options)];
    for (let i = 1; i <= 3; i++) await from.publish(`send/u/${bob.uid}`, textMessage(`c-${i}`, 'hi'));
    to.post('req/me.get', '{}');
    to.post('send/u/nobody', 'x', 0);
    const topics: string[] = [];
    while (topics.length < 5) {
      const packet = await to.delivery();
      topics.push(packet.topic);
      assert.deepEqual(await to.undelivered(), [], 'more than one in flight');
      to.send({ cmd: 'puback', messageId: packet.messageId! });
    }
    assert.deepEqual(topics.sort(), [`n/${bob.uid}`, 'res/me.get', ...range(1, 3).map(() => `u/${bob.uid}`)]);
  });
});
