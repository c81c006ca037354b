import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertRefused, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';

const petrel = new Petrel({
  PETREL_TOPICS_CUSTOM: JSON.stringify([{ match: '#', allow: ['publish', 'subscribe'] }]),
});
before(() => petrel.start());
after(() => petrel.remove());

describe("SUBSCRIBE to another's topics", () => {
  it('is refused with 0x87 for those filters alone, and nothing of them comes, before and after a reconnect', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const gid = await bob.createGroup([carol]);
    const options = { clientId: 'spy', clean: false, expiry: 600 };
    const spy = await alice.connect(options);
    const filters = [
      `u/${bob.uid}`,
      'open/#',
      `n/${bob.uid}`,
      `g/${gid}`,
      `u/${alice.uid}`,
      'u/#',
      'u/+',
      'g/+',
      `+/${bob.uid}`,
      'n/#',
      '$share/x/u/bob',
      `$share/x/u/${alice.uid}`,
      '$share/x/g/#',
      'send/#',
      `send/u/${alice.uid}`,
      'read/#',
      'req/+',
      'presence/#',
      '$SYS/#',
      '$work/1',
      '#',
    ];
    const codes = await spy.subscribe(filters);
    const granted = filters.filter((_, i) => codes[i]! < 0x80);
    assert.deepEqual(granted, ['open/#', `u/${alice.uid}`, `+/${bob.uid}`, '#']);
    assert.deepEqual(
      codes.filter((code) => code >= 0x80).map((code) => code.toString(16)),
      filters.slice(granted.length).map(() => '87'),
    );
    const b = await bob.connect();
    const talk = async () => {
      await b.publish(`send/u/${carol.uid}`, 'secret');
      await b.publish(`send/g/${gid}`, 'secret');
      await b.publish(`send/u/${bob.uid}`, 'secret');
      await b.publish(`read/u/${carol.uid}`, { seq: 1 });
      await b.request('me.get');
      await b.publish(`open/${gid}`, 'open');
    };
    await talk();
    // `open/#` and `#` both match: one delivery or two, but of that topic alone.
    await spy.delivery((topic) => topic === `open/${gid}`);
    const strange = (topics: string[]) => topics.filter((topic) => !topic.startsWith('open/'));
    assert.deepEqual(strange(await spy.undelivered()), []);
    await spy.drop();
    await talk();
    const again = await alice.connect(options);
    assert.equal(again.connack.sessionPresent, true);
    await again.delivery((topic) => topic === `open/${gid}`);
    await talk();
    await again.delivery((topic) => topic === `open/${gid}`);
    assert.deepEqual(strange(await again.undelivered()), []);
  });

  it('is refused with 0x80 in MQTT 3.1.1', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await alice.connect({ version: 4 });
    assert.deepEqual(await client.subscribe([`u/${bob.uid}`, 'open/x', `n/${bob.uid}`]), [0x80, 1, 0x80]);
  });

  it('is no different for those who do not exist', async () => {
    const alice = await petrel.user('alice');
    const client = await alice.connect();
    assert.deepEqual(await client.subscribe(['u/nobody', 'g/nothing', 'n/nobody']), [0x87, 0x87, 0x87]);
  });

  it('is refused with 0x8F where it is no filter', async () => {
    const alice = await petrel.user('alice');
    const client = await alice.connect();
    const filters = ['open/#/x', 'open/x#', 'a+/b', '$share/x', '$share//a', '$share/+/a', 'open/ok'];
    assert.deepEqual(await client.subscribe(filters), [...Array(6).fill(0x8f), 1]);
    const deep = Array(40).fill('a').join('/');
    assert.deepEqual(await client.subscribe([deep]), [0x8f]);
  });

  it('of a name like __proto__ is an ordinary subscription', async () => {
    const alice = await petrel.user('alice');
    const client = await alice.connect({ clientId: 'p', clean: false, expiry: 600 });
    for (const topic of ['__proto__', 'constructor', '__proto__/constructor', 'hasOwnProperty']) {
      assert.deepEqual(await client.subscribe([topic]), [1]);
      assert.equal((await client.publish(topic, 'x')).reason, 0);
      assert.equal((await client.delivery()).topic, topic);
      assert.deepEqual(await client.unsubscribe([topic]), [0]);
    }
  });
});

describe('PUBLISH', () => {
  it("to a topic of the server is refused with 0x87, one's own included", async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [client, other] = [await alice.connect(), await bob.connect()];
    const topics = [
      `u/${bob.uid}`,
      `u/${alice.uid}`,
      `n/${bob.uid}`,
      'g/x',
      'res/x',
      '$SYS/x',
      '$share/x',
      '$x',
    ];
    for (const topic of topics) assertRefused(await client.publish(topic, 'x'), 0x87, 'topic.forbidden');
    assert.deepEqual(await other.undelivered(), []);
  });

  it('to a malformed reserved topic is refused with 0x90', async () => {
    const alice = await petrel.user('alice');
    const client = await alice.connect();
    for (const topic of [
      'send',
      'send/x/y',
      'read/u',
      'read/x/bob',
      'typing/u',
      'presence',
      'req',
      'req/a/b',
    ])
      assertRefused(await client.publish(topic, '{"seq":1}'), 0x90, 'topic.invalid');
  });

  it("of another's presence is refused with 0x87", async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await alice.connect();
    assertRefused(await client.publish(`presence/${bob.uid}`, '{}'), 0x87, 'topic.forbidden');
  });

  it('that is retained leaves nothing on a reserved topic', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await alice.connect();
    await client.publish(`send/u/${bob.uid}`, 'hi', 1, { retain: true });
    const other = await bob.connect();
    await other.subscribe([`u/${bob.uid}`, '#']);
    assert.deepEqual(await other.undelivered(), []);
  });
});

describe('a topic of its own', () => {
  it('comes without SUBSCRIBE, once, and once with one', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [from, to] = [await alice.connect(), await bob.connect()];
    await to.subscribe([`u/${bob.uid}`, `u/${bob.uid}`, '#']);
    await from.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    assert.equal((await to.event()).id, 'c-1');
    assert.deepEqual(await to.undelivered(), []);
  });

  it('comes with the subscription identifier and QoS of its subscription, also after a reconnect', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const gid = await alice.createGroup([bob]);
    const options = { clientId: 'phone', clean: false, expiry: 600 };
    const from = await alice.connect();
    let to = await bob.connect(options);
    assert.deepEqual(
      await to.subscribe([{ topic: `u/${bob.uid}`, qos: 0 }], { subscriptionIdentifier: 7 }),
      [0],
    );
    await to.subscribe([`g/${gid}`], { subscriptionIdentifier: 300 });
    await to.subscribe([`n/${bob.uid}`], { subscriptionIdentifier: 9 });
    for (let round = 1; round <= 2; round++) {
      await from.publish(`send/u/${bob.uid}`, 'hi');
      const inbox = await to.delivery((topic) => topic === `u/${bob.uid}`);
      assert.deepEqual([inbox.qos, inbox.properties?.subscriptionIdentifier], [0, 7]);
      await from.publish(`send/g/${gid}`, 'hi');
      const group = await to.delivery((topic) => topic === `g/${gid}`);
      assert.deepEqual([group.qos, group.properties?.subscriptionIdentifier], [1, 300]);
      to.post('send/u/nobody', 'x', 0);
      const notice = await to.delivery((topic) => topic === `n/${bob.uid}`);
      assert.deepEqual([notice.qos, notice.properties?.subscriptionIdentifier], [1, 9]);
      await to.drop();
      to = await bob.connect(options);
      assert.equal(to.connack.sessionPresent, true);
    }
  });

  it('is silent after UNSUBSCRIBE, and what passed meanwhile is not replayed', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const options = { clientId: 'phone', clean: false, expiry: 600 };
    const from = await alice.connect();
    let to = await bob.connect(options);
    const laptop = await bob.connect();
    assert.deepEqual(await to.unsubscribe([`u/${bob.uid}`]), [0]);
    await from.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    assert.equal((await laptop.event()).id, 'c-1');
    assert.deepEqual(await to.unexpectedEvents(), []);
    await to.drop();
    await from.publish(`send/u/${bob.uid}`, textMessage('c-2', 'hi'));
    to = await bob.connect(options);
    await from.publish(`send/u/${bob.uid}`, textMessage('c-3', 'hi'));
    await laptop.events(2);
    assert.deepEqual(await to.unexpectedEvents(), []);
    await to.subscribe([`u/${bob.uid}`]);
    await from.publish(`send/u/${bob.uid}`, textMessage('c-4', 'hi'));
    assert.equal((await to.event()).id, 'c-4');
    assert.deepEqual(await to.unexpectedEvents(), []);
  });

  it('of a group is silent for the session that unsubscribed alone', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const gid = await alice.createGroup([bob]);
    const [from, phone, laptop] = [await alice.connect(), await bob.connect(), await bob.connect()];
    await phone.unsubscribe([`g/${gid}`]);
    await from.publish(`send/g/${gid}`, textMessage('c-1', 'hi'));
    assert.equal((await laptop.event()).id, 'c-1');
    assert.deepEqual(await phone.unexpectedEvents(), []);
  });
});
