import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { directConv } from '../../schemas/event.ts';
import { type Ack, type ConnectOptions, textMessage } from '../support/chat-client.ts';
import { InsistentSender } from '../support/insistent-sender.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import type { User } from '../support/user.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

const kept: ConnectOptions = { clientId: 'phone', clean: false, expiry: 600 };
const kept3: ConnectOptions = { clientId: 'tablet', clean: false, version: 4 };

const ways = [
  ['a graceful stop', () => petrel.stop()],
  ['kill -9', () => petrel.kill()],
] as const;

for (const [way, end] of ways)
  describe(`after ${way} and a restart`, () => {
    let alice: User;
    let bob: User;
    let carol: User;
    let gid: string;
    let signedIn: { accessToken: string; refreshToken: string };
    const sent: Ack[] = [];
    const registered = { uid: `registered-${way.split(' ').length}`, password: 'correct horse' };

    before(async () => {
      [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
      gid = await alice.createGroup([carol]);
      await (await bob.connect(kept)).disconnect();
      const present = await bob.connect({ ...kept3, acknowledges: false });
      const subscribed = await carol.connect(kept);
      await subscribed.subscribe([`u/${carol.uid}`], { subscriptionIdentifier: 5 });
      await subscribed.unsubscribe([`g/${gid}`]);
      await alice.connect(kept);
      await alice.connect({ clientId: 'short', clean: false });
      const sender = await alice.connect();
      for (let i = 1; i <= 5; i++)
        sent.push(await sender.publish(`send/u/${bob.uid}`, textMessage(`c-${i}`, 'hi')));
      await present.events(5);
      await (await carol.connect({ ...kept, clientId: 'laptop' })).disconnect();
      signedIn = (await petrel.api().post<typeof signedIn>('/auth/register', registered)).body;
      await (await bob.connect()).publish(`read/u/${alice.uid}`, { seq: 2 });
      await end();
      await petrel.start();
    });

    for (const [version, options] of [
      ['5', kept],
      ['3.1.1', kept3],
    ] as const)
      it(`a persistent session of MQTT ${version} gets what it had not acknowledged`, async () => {
        const again = await bob.connect(options);
        assert.equal(again.connack.sessionPresent, true);
        assert.deepEqual(
          (await again.events(5)).map(({ seq, id }) => [seq, id]),
          [1, 2, 3, 4, 5].map((seq) => [seq, `c-${seq}`]),
        );
        assert.deepEqual(await again.unexpectedEvents(), []);
      });

    it('a message that is sent again is a repeat, and a new one gets the next seq', async () => {
      const sender = await alice.connect();
      const repeat = await sender.publish(`send/u/${bob.uid}`, textMessage('c-3', 'hi'));
      assert.deepEqual(repeat.properties, { ...sent[2]!.properties, dup: '1' });
      const { body } = await bob.api.get(`/conversations/${directConv(alice.uid, bob.uid)}`);
      assert.deepEqual([body.read, body.unread], [2, 3]);
      const next = await sender.publish(`send/u/${bob.uid}`, textMessage('c-6', 'hi'));
      assert.equal(next.properties.seq, '6');
    });

    it('subscriptions, their options and silenced topics are as they were', async () => {
      const [again, sender] = [await carol.connect(kept), await alice.connect()];
      assert.equal(again.connack.sessionPresent, true);
      await sender.publish(`send/g/${gid}`, 'not heard');
      await sender.publish(`send/u/${carol.uid}`, 'heard');
      const packet = await again.delivery((topic) => topic === `u/${carol.uid}`);
      assert.equal(packet.properties?.subscriptionIdentifier, 5);
      assert.deepEqual(await again.unexpectedEvents(), []);
    });

    it('members are members, and absent ones get what is said in their group', async () => {
      const sender = await alice.connect();
      await sender.publish(`send/g/${gid}`, textMessage('g-1', 'hi'));
      const laptop = await carol.connect({ ...kept, clientId: 'laptop' });
      await until('the message', async () => (await laptop.event(`g:${gid}`)).id === 'g-1');
    });

    it('tokens and the sign-ins they came from are good', async () => {
      const { accessToken, refreshToken } = signedIn;
      await petrel.known(registered.uid).connect({ password: accessToken });
      assert.equal((await petrel.api().post('/auth/refresh', { refreshToken })).status, 200);
      const { uid, password } = registered;
      assert.equal((await petrel.api().post('/auth/login', { uid, password })).status, 200);
    });

    it('a session with an expiry exists, one without does not', async () => {
      assert.equal((await alice.connect(kept)).connack.sessionPresent, true);
      const short = await alice.connect({ ...kept, clientId: 'short' });
      assert.equal(short.connack.sessionPresent, false);
    });
  });

describe('a graceful stop', () => {
  it('acknowledges the sends in hand, tells MQTT 5 clients 0x8B, and exits 0', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [five, three] = [await alice.connect(), await bob.connect({ version: 4 })];
    const topics = [`send/u/${bob.uid}`];
    const sender = new InsistentSender(alice, { topics, window: 100, clientId: 'busy' });
    const sending = sender.run();
    await until('a flow of messages', () => sender.acknowledged.length > 300);
    const stopped = petrel.stop();
    assert.equal((await five.ending())?.reasonCode, 0x8b);
    assert.equal(await three.ending(), undefined);
    await sending;
    assert.deepEqual(await stopped, { code: 0, errors: '' });
    await petrel.start();
    const { body } = await alice.api.get(`/conversations/${directConv(alice.uid, bob.uid)}`);
    // Whatever was stored was acknowledged before the connection ended.
    assert.equal((body.head as { seq: number }).seq, sender.acknowledged.length);
  });
});
