import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { directConv } from '../../schemas/event.ts';
import { type ConnectOptions, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

const kept: ConnectOptions = { clientId: 'phone', clean: false, expiry: 600 };
const kept3: ConnectOptions = { clientId: 'phone3', clean: false, version: 4 };

const ways = [
  ['a graceful stop', () => petrel.stop()],
  ['kill -9', () => petrel.kill()],
] as const;

for (const [way, end] of ways)
  describe(`after ${way} and a restart`, () => {
    it('persistent sessions go on where they were, and history, cursors and repeats are known', async () => {
      const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
      const conv = directConv(alice.uid, bob.uid);
      const absent = await bob.connect(kept);
      await absent.disconnect();
      const present = await bob.connect({ ...kept3, acknowledges: false });
      await (await carol.connect({ ...kept, clientId: 'never back' })).disconnect();
      const sender = await alice.connect();
      const sent = [];
      for (let i = 1; i <= 5; i++)
        sent.push(await sender.publish(`send/u/${bob.uid}`, textMessage(`c-${i}`, 'hi')));
      await present.events(5);
      const reader = await bob.connect();
      await reader.publish(`read/u/${alice.uid}`, { seq: 2 });
      await end();
      await petrel.start();

      for (const options of [kept, kept3]) {
        const again = await bob.connect(options);
        assert.equal(again.connack.sessionPresent, true);
        assert.deepEqual(
          (await again.events(5)).map(({ seq, id }) => [seq, id]),
          [1, 2, 3, 4, 5].map((seq) => [seq, `c-${seq}`]),
        );
        assert.deepEqual(await again.unexpectedEvents(), []);
      }
      const resender = await alice.connect();
      const repeat = await resender.publish(`send/u/${bob.uid}`, textMessage('c-3', 'hi'));
      assert.deepEqual(repeat.properties, { ...sent[2]!.properties, dup: '1' });
      const next = await resender.publish(`send/u/${bob.uid}`, textMessage('c-6', 'hi'));
      assert.equal(next.properties.seq, '6');
      const { body } = await bob.api.get(`/conversations/${conv}`);
      assert.deepEqual([body.read, body.unread], [2, 4]);
    });

    it('subscriptions, their options and silenced topics are as they were', async () => {
      const [alice, bob] = await petrel.users('alice', 'bob');
      const gid = await alice.createGroup([bob]);
      const phone = await bob.connect(kept);
      await phone.subscribe([`u/${bob.uid}`], { subscriptionIdentifier: 5 });
      await phone.unsubscribe([`g/${gid}`]);
      await end();
      await petrel.start();
      const again = await bob.connect(kept);
      const sender = await alice.connect();
      await sender.publish(`send/g/${gid}`, 'not heard');
      await sender.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
      const packet = await again.delivery((topic) => topic === `u/${bob.uid}`);
      assert.equal(packet.properties?.subscriptionIdentifier, 5);
      assert.deepEqual(await again.unexpectedEvents(), []);
    });

    it('a session that was connected exists, also where nothing was said', async () => {
      const alice = await petrel.user('alice');
      await alice.connect(kept);
      await end();
      await petrel.start();
      assert.equal((await alice.connect(kept)).connack.sessionPresent, true);
    });

    it('a session without expiry does not', async () => {
      const alice = await petrel.user('alice');
      await alice.connect({ clientId: 'phone', clean: false });
      await end();
      await petrel.start();
      assert.equal((await alice.connect(kept)).connack.sessionPresent, false);
    });
  });

describe('a graceful stop', () => {
  it('acknowledges the sends in hand, tells MQTT 5 clients 0x8B, and exits 0', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [five, three] = [await alice.connect(), await bob.connect({ version: 4 })];
    const conv = directConv(alice.uid, bob.uid);
    const ids = Array.from({ length: 200 }, (_, i) =>
      five.post(`send/u/${bob.uid}`, textMessage(`c-${i}`, 'hi')),
    );
    await five.acked(ids[0]!);
    const stopped = petrel.stop();
    assert.equal((await five.ending())?.reasonCode, 0x8b);
    assert.equal(await three.ending(), undefined);
    assert.deepEqual(await stopped, { code: 0, errors: '' });
    await petrel.start();
    const acknowledged = five.inbox.filter(({ cmd }) => cmd === 'puback').length + 1;
    type History = { events: { seq: number }[] };
    const { body } = await alice.api.get<History>(`/conversations/${conv}/messages?limit=500`);
    // What was taken before the end is answered; what was stored is what was acknowledged.
    assert.equal(body.events.length, acknowledged);
  });
});
