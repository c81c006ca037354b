import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { directConv } from '../../schemas/event.ts';
import { assertRefused, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

describe('a message', () => {
  it('is acknowledged with its conversation, seq and time, and reaches the other and the sender', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [from, to] = [await alice.connect(), await bob.connect()];
    const conv = directConv(alice.uid, bob.uid);
    const { reason, properties } = await from.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    assert.equal(reason, 0);
    const { ts, ...others } = properties;
    assert.deepEqual(others, { conv, seq: '1' });
    assert.ok(Math.abs(Number(ts) - Date.now()) < 60_000);
    const expected = { conv, seq: 1, n: 1, ts: Number(ts), from: alice.uid, ...textMessage('c-1', 'hi') };
    const [there, here] = [await to.next('publish'), await from.next('publish')];
    assert.equal(there.topic, `u/${bob.uid}`);
    assert.equal(here.topic, `u/${alice.uid}`);
    for (const { qos, payload } of [there, here]) {
      assert.equal(qos, 1);
      assert.deepEqual(JSON.parse(payload.toString()), expected);
    }
  });

  it('reaches every session of the sender and of the receiver', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const sender = await alice.connect();
    const others = await Promise.all([alice.connect(), bob.connect(), bob.connect({ version: 4 })]);
    await sender.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    for (const session of [sender, ...others]) assert.equal((await session.event()).id, 'c-1');
  });

  it('may be written to oneself', async () => {
    const [alice] = await petrel.users('alice');
    const phone = await alice.connect();
    const { properties } = await phone.publish(`send/u/${alice.uid}`, textMessage('c-1', 'a note'));
    assert.equal(properties.conv, directConv(alice.uid, alice.uid));
    assert.equal((await phone.event()).id, 'c-1');
    assert.deepEqual(await phone.undelivered(), []);
  });

  it('is stored once however often its id is sent, on whatever connection', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const to = await bob.connect();
    const topic = `send/u/${bob.uid}`;
    const phone = await alice.connect();
    const first = await phone.publish(topic, textMessage('c-1', 'hi'));
    assert.equal(first.properties.dup, undefined);
    await phone.drop();
    const laptop = await alice.connect({ version: 5 });
    for (const payload of [textMessage('c-1', 'hi'), textMessage('c-1', 'another text')]) {
      const repeat = await laptop.publish(topic, payload);
      assert.equal(repeat.reason, 0);
      assert.deepEqual(repeat.properties, { ...first.properties, dup: '1' });
    }
    const http = await alice.api.post(
      `/conversations/${directConv(alice.uid, bob.uid)}/messages`,
      textMessage('c-1', 'hi'),
    );
    assert.equal(http.status, 200);
    assert.equal(http.body.seq, 1);
    await laptop.publish(topic, textMessage('c-2', 'the end'));
    assert.deepEqual(
      (await to.events(2)).map(({ seq, id }) => [seq, id]),
      [
        [1, 'c-1'],
        [2, 'c-2'],
      ],
    );
  });

  it('of another user or to another conversation may have the same id', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const [a, b] = [await alice.connect(), await bob.connect()];
    for (const [client, to] of [
      [a, bob],
      [b, alice],
      [a, carol],
    ] as const) {
      const { reason, properties } = await client.publish(`send/u/${to.uid}`, textMessage('same', 'hi'));
      assert.equal(reason, 0);
      assert.equal(properties.dup, undefined);
    }
  });

  it('keeps the order in which one connection sends', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [from, to] = [await alice.connect(), await bob.connect()];
    const ids = Array.from({ length: 200 }, (_, i) => `c-${i}`);
    for (const id of ids) from.post(`send/u/${bob.uid}`, textMessage(id, 'hi'));
    const events = await to.events(ids.length);
    assert.deepEqual(
      events.map(({ id, seq }) => [id, seq]),
      ids.map((id, i) => [id, i + 1]),
    );
    assert.deepEqual(
      events.map(({ ts }) => ts),
      events.map(({ ts }) => ts).sort((x, y) => x - y),
    );
  });

  it('that is no JSON object is a text message with an id of the server', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [from, to] = [await alice.connect(), await bob.connect()];
    for (const text of ['hello', ' {"a":1}', '"quoted" \\ \n', '[1]', 'grüße 🐦']) {
      assert.equal((await from.publish(`send/u/${bob.uid}`, text)).reason, 0);
      const event = await to.event();
      assert.equal(event.type, 'text');
      assert.deepEqual(event.body, { text });
      assert.match(event.id, /^[A-Za-z0-9_.:-]{1,64}$/);
    }
  });

  it('is stored at QoS 0 too, without an answer', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [from, to] = [await alice.connect(), await bob.connect()];
    from.post(`send/u/${bob.uid}`, textMessage('c-1', 'hi'), 0);
    assert.equal((await to.event()).id, 'c-1');
    assert.equal((await from.event()).id, 'c-1');
    await from.ping();
    assert.deepEqual(from.inbox, []);
  });

  it('at QoS 2 is acknowledged in PUBREC, and stored once when its packet is repeated', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [from, to] = [await alice.connect(), await bob.connect()];
    const messageId = from.post(`send/u/${bob.uid}`, 'hello', 2);
    const first = await from.next('pubrec');
    assert.equal(first.reasonCode ?? 0, 0);
    assert.equal(first.properties?.userProperties?.seq, '1');
    from.post(`send/u/${bob.uid}`, 'hello', 2, { messageId, dup: true });
    assert.equal((await from.next('pubrec')).messageId, messageId);
    from.send({ cmd: 'pubrel', messageId });
    await from.next('pubcomp');
    const { properties } = await from.publish(`send/u/${bob.uid}`, 'goodbye', 2);
    assert.equal(properties.seq, '2');
    assert.deepEqual(
      (await to.events(2)).map(({ body }) => body?.text),
      ['hello', 'goodbye'],
    );
  });

  for (const version of [3, 4] as const)
    it(`is acknowledged by PUBACK in MQTT 3.1${version === 4 ? '.1' : ''}`, async () => {
      const [alice, bob] = await petrel.users('alice', 'bob');
      const [from, to] = [
        await alice.connect({ version, clientId: 'x' }),
        await bob.connect({ version, clientId: 'x' }),
      ];
      assert.equal((await from.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'))).reason, 0);
      assert.equal((await from.publish(`send/u/${bob.uid}`, textMessage('c-2', 'hi'), 2)).reason, 0);
      assert.deepEqual(
        (await to.events(2)).map(({ id }) => id),
        ['c-1', 'c-2'],
      );
    });

  it('keeps replyTo and mentions', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [from, to] = [await alice.connect(), await bob.connect()];
    await from.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    const answer = { ...textMessage('c-2', 'what?'), replyTo: 1, mentions: [bob.uid] };
    await from.publish(`send/u/${bob.uid}`, answer);
    const [, event] = await to.events(2);
    assert.equal(event?.replyTo, 1);
    assert.deepEqual(event?.mentions, [bob.uid]);
  });

  it('may be of every message type', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [from, to] = [await alice.connect(), await bob.connect()];
    const media = { file: 'f-1', name: 'a.bin', mime: 'application/octet-stream', size: 3 };
    const bodies: Record<string, object> = {
      text: { text: 'hi' },
      image: { ...media, width: 10, height: 20, thumb: 'data:,' },
      file: media,
      audio: { ...media, duration: 1.5 },
      video: media,
      location: { lat: 52.5, lng: 13.4, name: 'Berlin' },
      custom: { kind: 'poll', options: ['a', 'b'] },
    };
    for (const [type, body] of Object.entries(bodies)) {
      assert.equal((await from.publish(`send/u/${bob.uid}`, { id: type, type, body })).reason, 0, type);
      assert.deepEqual((await to.event()).body, body);
    }
  });
});

describe('a change', () => {
  it('of a message is an event with a seq that does not count as a message', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [from, to] = [await alice.connect(), await bob.connect()];
    const topic = `send/u/${bob.uid}`;
    await from.publish(topic, textMessage('c-1', 'hi'));
    const changes = [
      { id: 'e-1', type: 'edit', body: { target: 1, body: { text: 'hello' } } },
      { id: 'r-1', type: 'react', body: { target: 1, emoji: '👍', on: true } },
      { id: 'p-1', type: 'pin', body: { target: 1, on: true } },
      { id: 'x-1', type: 'recall', body: { target: 1 } },
    ];
    for (const change of changes) assert.equal((await from.publish(topic, change)).reason, 0, change.type);
    await from.publish(topic, textMessage('c-2', 'again'));
    assert.deepEqual(
      (await to.events(6)).map(({ seq, n, id }) => [seq, n, id]),
      [
        [1, 1, 'c-1'],
        [2, 1, 'e-1'],
        [3, 1, 'r-1'],
        [4, 1, 'p-1'],
        [5, 1, 'x-1'],
        [6, 2, 'c-2'],
      ],
    );
  });

  it('of what another user said is refused, but for a reaction', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [a, b] = [await alice.connect(), await bob.connect()];
    await a.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    const topic = `send/u/${alice.uid}`;
    const edit = { id: 'e-1', type: 'edit', body: { target: 1, body: { text: 'x' } } };
    assertRefused(await b.publish(topic, edit), 0x87, 'send.not-allowed');
    const recall = { id: 'x-1', type: 'recall', body: { target: 1 } };
    assertRefused(await b.publish(topic, recall), 0x87, 'send.not-allowed');
    const react = { id: 'r-1', type: 'react', body: { target: 1, emoji: '👎', on: true } };
    assert.equal((await b.publish(topic, react)).properties.seq, '2');
  });
});
