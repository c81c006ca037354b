import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DatabaseSync } from '@photostructure/sqlite';
import { directConv, type EventDocument } from '../../schemas/event.ts';
import { assertRefused, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import type { User } from '../support/user.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const historyOf = async (user: User, conv: string, query = '') =>
  (await user.api.get<{ events: EventDocument[] }>(`/conversations/${conv}/messages?limit=500${query}`)).body
    .events;
const mentionsOf = async (user: User, conv: string) =>
  (await user.api.get<{ mentions: number }>(`/conversations/${conv}`)).body.mentions;

describe('a message over MQTT', () => {
  it('is refused with 0x99 where what it answers or changes is not there', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const from = await alice.connect();
    const topic = `send/u/${bob.uid}`;
    assertRefused(
      await from.publish(topic, { ...textMessage('r', 'x'), replyTo: 1 }),
      0x99,
      'target.not-found',
    );
    await from.publish(topic, textMessage('m', 'x'));
    assert.equal((await from.publish(topic, { ...textMessage('r', 'x'), replyTo: 1 })).properties.seq, '2');
    const edit = { id: 'e', type: 'edit', body: { target: 9, body: { text: 'x' } } };
    assertRefused(await from.publish(topic, edit), 0x99, 'target.not-found');
    const react = { id: 'w', type: 'react', body: { target: 1, emoji: 'two words', on: true } };
    assertRefused(await from.publish(topic, react), 0x99, 'payload.invalid');
    const forged = { ...textMessage('f', 'x'), forward: { from: bob.uid, ts: 1 } };
    assertRefused(await from.publish(topic, forged), 0x99, 'payload.invalid');
    const system = { id: 's', type: 'system', body: {} };
    assertRefused(await from.publish(topic, system), 0x99, 'payload.invalid');
    assertRefused(await from.publish('send/u/system', textMessage('m', 'x')), 0x90, 'user.not-found');
  });

  it('is changed with 0x87 no more when its time is over, unless by a manager of the group', async (t) => {
    const strict = new Petrel({ PETREL_MESSAGES_EDIT_WINDOW: '3', PETREL_MESSAGES_RECALL_WINDOW: '3' });
    t.after(() => strict.remove());
    await strict.start();
    const [alice, bob] = await strict.users('alice', 'bob');
    const gid = await alice.createGroup([bob]);
    const [owner, member] = [await alice.connect(), await bob.connect()];
    const topic = `send/g/${gid}`;
    await member.publish(topic, textMessage('m', 'x'));
    const edit = (id: string) => ({ id, type: 'edit', body: { target: 2, body: { text: 'y' } } });
    assert.equal((await member.publish(topic, edit('e-0'))).reason, 0);
    let tries = 0;
    const late = await until(
      'the end of the window',
      async () => {
        const ack = await member.publish(topic, edit(`e-${++tries}`));
        return ack.reason === 0 ? undefined : ack;
      },
      20_000,
    );
    assertRefused(late, 0x87, 'send.too-late');
    const recall = { id: 'x', type: 'recall', body: { target: 2 } };
    assertRefused(await member.publish(topic, recall), 0x87, 'send.too-late');
    // What was stored in time is answered as before.
    assert.equal((await member.publish(topic, edit('e-0'))).properties.dup, '1');
    assert.equal((await owner.publish(topic, recall)).reason, 0);
  });

  it('keeps no body anywhere when edits and its recall race, on connections and doors', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const conv = directConv(alice.uid, bob.uid);
    const topic = `send/u/${bob.uid}`;
    const devices = await Promise.all(range(1, 4).map(() => alice.connect()));
    for (const round of range(1, 12)) {
      const { properties } = await devices[0]!.publish(topic, textMessage(`m-${round}`, 'secret'));
      const target = Number(properties.seq);
      const edits = devices.flatMap((device, i) =>
        range(1, 4).map((k) => {
          const body = { target, body: { text: `secret ${k}` } };
          return device.publish(topic, { id: `e-${round}-${i}-${k}`, type: 'edit', body });
        }),
      );
      const recall = { id: `x-${round}`, type: 'recall', body: { target } };
      const [ack, reply] = await Promise.all([
        devices[round % 4]!.publish(topic, recall),
        alice.api.post(`/conversations/${conv}/messages`, recall),
        ...edits,
      ]);
      assert.deepEqual([ack.reason, reply.status < 300], [0, true]);
    }
    for (const query of ['', '&raw=1']) {
      const events = await historyOf(bob, conv, query);
      assert.ok(events.length > 12);
      assert.ok(!JSON.stringify(events).includes('secret'), query);
    }
  });

  it('of the server goes to users live, and is read like any other', async () => {
    const [bob, operator] = [await petrel.user('bob'), await petrel.user('operator', { scope: 'admin' })];
    const to = await bob.connect();
    const message = { to: bob.uid, id: 'hello', type: 'text', body: { text: 'Welcome' } };
    assert.equal((await operator.api.post('/admin/messages', message)).status, 201);
    const event = await to.event();
    assert.deepEqual([event.from, event.body], ['system', { text: 'Welcome' }]);
    assert.equal((await to.publish('read/u/system', { seq: 1 })).reason, 0);
    const { body } = await bob.api.get<{ unread: number; read: number }>(`/conversations/${event.conv}`);
    assert.deepEqual([body.unread, body.read], [0, 1]);
  });
});

describe('mentions of a server that is killed between the commit and the mark', () => {
  it('are counted once the sender has sent again', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const gid = await alice.createGroup([bob]);
    const conv = `g:${gid}`;
    const message = { ...textMessage('m', 'look'), mentions: [bob.uid] };
    const from = await alice.connect();
    await from.publish(`send/g/${gid}`, 'before');
    const reader = await bob.connect();

    // While somebody else writes in the directory it cannot take the mark.
    const directory = new DatabaseSync(join(petrel.dataDir, 'directory.db'));
    directory.exec('begin immediate');
    from.post(`send/g/${gid}`, message);
    assert.equal((await reader.event(conv)).id, 'm');
    await petrel.kill();
    directory.exec('rollback');
    directory.close();

    await petrel.start();
    assert.equal(await mentionsOf(bob, conv), 0);
    const again = await alice.connect();
    assert.equal((await again.publish(`send/g/${gid}`, message)).properties.dup, '1');
    assert.equal(await mentionsOf(bob, conv), 1);
  });
});
