import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertRefused, ChatClient } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';

const petrel = new Petrel({
  PETREL_AUTH_ANONYMOUS: 'true',
  PETREL_TOPICS_CUSTOM: JSON.stringify([
    { match: 'home/secret/#', allow: ['publish', 'subscribe'], scope: 'keeper' },
    { match: 'home/secret/#', allow: ['publish'] },
    { match: 'home/{uid}/#', allow: ['publish', 'subscribe'] },
    { match: 'home/+/lamp', allow: ['publish'] },
    { match: 'home/public/#', allow: ['subscribe'] },
    { match: 'home/#', allow: ['subscribe'], scope: 'watcher' },
    { match: 'news/drafts', allow: ['publish'] },
    { match: 'news/#', allow: ['publish', 'subscribe'] },
  ]),
});
before(() => petrel.start());
after(() => petrel.remove());

describe('a custom topic', () => {
  for (const version of [4, 5] as const)
    for (const qos of [0, 1, 2] as const)
      it(`carries a message at QoS ${qos} to its subscribers (MQTT ${version})`, async () => {
        const [alice, bob] = await petrel.users('alice', 'bob');
        const [from, to] = [await alice.connect({ version }), await bob.connect({ version })];
        const topic = `news/${alice.uid}`;
        assert.deepEqual(await to.subscribe([{ topic: 'news/+', qos }]), [qos]);
        if (qos === 0) from.post(topic, 'hello', 0);
        else assert.equal((await from.publish(topic, 'hello', qos)).reason, 0);
        const packet = await to.delivery((one) => one === topic);
        assert.deepEqual([packet.payload.toString(), packet.qos, packet.retain], ['hello', qos, false]);
        assert.deepEqual(await to.unsubscribe(['news/+']), version === 5 ? [0] : []);
        if (qos > 0) await from.publish(topic, 'not heard', 1);
        assert.deepEqual(await to.undelivered(), []);
      });

  it('that no rule allows is refused with 0x87, for publishing and for subscribing', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await alice.connect();
    for (const topic of ['other', `home/${bob.uid}/x`, 'home/public/x'])
      assertRefused(await client.publish(topic, 'x'), 0x87, 'topic.forbidden');
    assert.equal((await client.publish(`home/${bob.uid}/lamp`, 'on')).reason, 0);
    const filters = ['other', '#', '+/x', `home/${bob.uid}/lamp`, 'home/#', 'news/drafts', '$share/a/other'];
    assert.deepEqual(await client.subscribe([...filters, 'home/public/#', `home/${alice.uid}/#`]), [
      ...filters.map(() => 0x87),
      1,
      1,
    ]);
  });

  it('reaches a wildcard subscription only where the client might subscribe to that very topic', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const keeper = await petrel.user('keeper', { scope: 'keeper' });
    const watcher = await petrel.user('watcher', { scope: 'watcher' });
    const [a, k, w, reader] = [
      await alice.connect(),
      await keeper.connect(),
      await watcher.connect(),
      await bob.connect(),
    ];
    assert.deepEqual(await w.subscribe(['home/#']), [1]);
    assert.deepEqual(await reader.subscribe(['news/#']), [1]);
    await k.publish('home/secret/code', '1234', 1, { retain: true });
    await a.publish(`home/${alice.uid}/lamp`, 'on');
    await a.publish(`home/${alice.uid}/door`, 'open');
    await a.publish('news/drafts', 'unfinished', 1, { retain: true });
    await a.publish('news/today', 'finished');
    const door = await w.delivery();
    assert.equal(door.topic, `home/${alice.uid}/door`);
    assert.equal((await reader.delivery()).topic, 'news/today');
    const late = await bob.connect();
    await late.subscribe(['news/#']);
    for (const client of [w, reader, late]) assert.deepEqual(await client.undelivered(), []);
    const entitled = await keeper.connect();
    await entitled.subscribe(['home/secret/+']);
    assert.equal((await entitled.delivery()).payload.toString(), '1234');
  });

  it('keeps its retained message for later subscribers until it is emptied', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const topic = `news/kept-${alice.uid}`;
    const from = await alice.connect();
    await from.publish(topic, 'kept', 1, { retain: true });
    const late = await bob.connect();
    await late.subscribe([topic]);
    const packet = await late.delivery();
    assert.deepEqual([packet.payload.toString(), packet.retain], ['kept', true]);
    await from.publish(topic, '', 1, { retain: true });
    const later = await bob.connect();
    await later.subscribe([topic]);
    assert.deepEqual(await later.undelivered(), []);
  });

  it('queues for persistent sessions and retains, across a restart too', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const options = { clientId: 'phone', clean: false, expiry: 600 };
    const topic = `news/${alice.uid}`;
    const phone = await bob.connect(options);
    await phone.subscribe([topic]);
    await phone.drop();
    const from = await alice.connect();
    for (const text of ['one', 'two']) await from.publish(topic, text);
    let again = await bob.connect(options);
    for (const text of ['one', 'two']) assert.equal((await again.delivery()).payload.toString(), text);
    await from.publish(`${topic}/kept`, 'kept', 1, { retain: true });
    await again.drop();
    await petrel.stop();
    await petrel.start();
    await (await alice.connect()).publish(topic, 'three');
    again = await bob.connect(options);
    assert.equal((await again.delivery()).payload.toString(), 'three');
    assert.deepEqual(await again.undelivered(), []);
    await again.subscribe([`${topic}/+`]);
    const kept = await again.delivery();
    assert.deepEqual([kept.payload.toString(), kept.retain], ['kept', true]);
  });

  it('is shared by the subscribers of one share name', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const from = await alice.connect();
    const workers = [await bob.connect(), await bob.connect()];
    for (const worker of workers)
      assert.deepEqual(await worker.subscribe([`$share/team/news/${alice.uid}`]), [1]);
    for (let i = 0; i < 10; i++) await from.publish(`news/${alice.uid}`, String(i));
    for (const worker of workers) await worker.ping();
    const taken = workers.flatMap(({ inbox }) =>
      inbox.flatMap((packet) => (packet.cmd === 'publish' ? [packet.payload.toString()] : [])),
    );
    assert.deepEqual(
      taken.map(Number).sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
  });

  it('of $SYS is for the scope admin', async () => {
    const admin = await petrel.user('root', { scope: 'admin' });
    const [a, b] = [await admin.connect(), await (await petrel.user('bob')).connect()];
    assert.deepEqual(await b.subscribe(['$SYS/#']), [0x87]);
    assert.deepEqual(await a.subscribe(['$SYS/#']), [1]);
  });

  it('keeps the properties of MQTT 5', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [from, to] = [await alice.connect(), await bob.connect()];
    await to.subscribe([`news/${alice.uid}`], { subscriptionIdentifier: 11 });
    const properties = {
      contentType: 'text/plain',
      responseTopic: 'news/answers',
      correlationData: Buffer.from('x'),
      userProperties: { a: ['1', '2'], __proto__x: '3' },
    };
    await from.publish(`news/${alice.uid}`, 'hi', 1, { properties });
    const got = (await to.delivery()).properties;
    assert.equal(got?.subscriptionIdentifier, 11);
    assert.deepEqual(
      [got?.contentType, got?.responseTopic, got?.correlationData?.toString()],
      ['text/plain', 'news/answers', 'x'],
    );
    assert.deepEqual({ ...got?.userProperties }, properties.userProperties);
  });
});

describe('a client without a token', () => {
  const connect = (options = {}) => ChatClient.connect(petrel.port('mqtt'), options);

  it('cannot be anybody else, nor can anybody be it', async () => {
    const bob = await petrel.user('bob');
    assert.equal((await connect({ username: bob.uid })).reason, 0x86);
    const to = await bob.connect();
    assertRefused(await to.publish('send/u/anonymous', 'hi'), 0x90, 'user.not-found');
  });
});
