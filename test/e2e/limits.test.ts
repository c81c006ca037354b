import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertRefused, textMessage } from '../support/chat-client.ts';
import { PacketClient } from '../support/packet-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';

const petrel = new Petrel({
  PETREL_LIMITS_SEND_PER_SECOND: '1',
  PETREL_LIMITS_SEND_BURST: '10',
  PETREL_LIMITS_LOGIN_ATTEMPTS: '3',
  PETREL_MQTT_MAX_SUBSCRIPTIONS: '3',
  PETREL_MQTT_MAX_TOPIC_LEVELS: '4',
  PETREL_MQTT_MAX_PACKET_SIZE: '2048',
  PETREL_MQTT_RECEIVE_MAXIMUM: '4',
  PETREL_MQTT_CONNECT_TIMEOUT: '1',
  PETREL_MQTT_MAX_HALF_OPEN: '5',
  PETREL_MQTT_SESSION_EXPIRY_MAX: '1',
  PETREL_TOPICS_CUSTOM: JSON.stringify([{ match: '#', allow: ['publish', 'subscribe'] }]),
});
before(() => petrel.start());
after(() => petrel.remove());

describe('limits.sendPerSecond', () => {
  it('refuses with 0x97 and the time to wait, for all connections of the user together', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [phone, laptop] = [await alice.connect(), await alice.connect()];
    const topic = `send/u/${bob.uid}`;
    let refusal = await phone.publish(topic, 'x');
    for (let i = 0; i < 20 && refusal.reason === 0; i++) refusal = await phone.publish(topic, 'x');
    assertRefused(refusal, 0x97, 'send.rate');
    const waitMs = Number(refusal.properties['retry-after']);
    assert.ok(waitMs > 0 && waitMs <= 1000, `retry-after ${waitMs}`);
    assert.equal((await laptop.publish(topic, 'x')).reason, 0x97);
    const http = await alice.api.post(
      `/conversations/u:${alice.uid}:${bob.uid}/messages`,
      textMessage('a', 'x'),
    );
    assert.deepEqual([http.status, http.body.code], [429, 'send.rate']);
    assert.ok(Number(http.headers.get('retry-after')) >= 1);
    const other = await bob.connect();
    assert.equal((await other.publish(`send/u/${alice.uid}`, 'x')).reason, 0);
    await until('a token in the bucket', async () => (await phone.publish(topic, 'x')).reason === 0);
  });

  it('tells MQTT 3.1.1 and QoS 0 by an error notice, with the time to wait', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const old = await alice.connect({ version: 4 });
    for (let i = 0; i < 30; i++) old.post(`send/u/${bob.uid}`, textMessage(`m-${i}`, 'x'), i % 2 ? 1 : 0);
    const notice = await old.notice('error');
    assert.deepEqual([notice.code, notice.retryable], ['send.rate', true]);
    const waitMs = Number(notice.retryAfter);
    assert.ok(waitMs > 0 && waitMs <= 1000, `retryAfter ${waitMs}`);
  });
});

describe('limits.loginAttempts', () => {
  it('refuses further attempts with 429, the right password included', async () => {
    const password = 'correct horse';
    await petrel.api().post('/auth/register', { uid: 'lisa', password });
    const login = (given: string) => petrel.api().post('/auth/login', { uid: 'lisa', password: given });
    for (let i = 0; i < 3; i++) assert.equal((await login('wrong horse')).status, 401);
    const refused = await login(password);
    assert.deepEqual([refused.status, refused.body.code], [429, 'auth.too-many-attempts']);
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  });
});

describe('mqtt', () => {
  it('maxSubscriptions refuses the filters beyond with 0x97', async () => {
    const client = await (await petrel.user('alice')).connect();
    assert.deepEqual(await client.subscribe(['a', 'b', 'c', 'd', 'a']), [1, 1, 1, 0x97, 1]);
    await client.unsubscribe(['b']);
    assert.deepEqual(await client.subscribe(['d', 'e']), [1, 0x97]);
  });

  it('maxTopicLevels refuses filters and topics with more levels', async () => {
    const client = await (await petrel.user('alice')).connect();
    assert.deepEqual(await client.subscribe(['a/b/c/d', 'a/b/c/d/e']), [1, 0x8f]);
    client.post('a/b/c/d/e', 'x');
    assert.equal((await client.ending())?.reasonCode, 0x90);
  });

  it('maxPacketSize ends a connection with 0x95 as soon as the length is known', async () => {
    const alice = await petrel.user('alice');
    const client = await alice.connect();
    assert.equal(client.connack.properties?.maximumPacketSize, 2048);
    client.write(Buffer.from('32ffff7f', 'hex'));
    assert.equal((await client.ending())?.reasonCode, 0x95);
    const big = await alice.connect();
    big.post(`send/u/${alice.uid}`, 'x'.repeat(3000));
    assert.equal((await big.ending())?.reasonCode, 0x95);
    const old = await alice.connect({ version: 4 });
    old.post(`send/u/${alice.uid}`, 'x'.repeat(3000));
    assert.equal(await old.ending(), undefined);
  });

  it('maxPacketSize holds for CONNECT too', async () => {
    const client = await PacketClient.open(petrel.port('mqtt'));
    client.write(Buffer.from('10ffff7f', 'hex'));
    await client.ending();
  });

  it('receiveMaximum ends an MQTT 5 connection with more in flight with 0x93', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await alice.connect();
    assert.equal(client.connack.properties?.receiveMaximum, 4);
    // Answered with PUBREC, and never released: all of them stay in flight.
    for (let i = 0; i < 5; i++) client.post(`send/u/${bob.uid}`, `x${i}`, 2);
    assert.equal((await client.ending())?.reasonCode, 0x93);
    const three = await alice.connect({ version: 4 });
    for (let i = 0; i < 20; i++) three.post(`send/u/${bob.uid}`, `y${i}`);
    for (let i = 0; i < 20; i++) await three.next('puback');
  });

  it('connectTimeout closes a connection without a complete CONNECT', async () => {
    const silent = await PacketClient.open(petrel.port('mqtt'));
    const slow = await PacketClient.open(petrel.port('mqtt'));
    slow.write(Buffer.from('1020000', 'hex'));
    await Promise.all([silent.ending(), slow.ending()]);
    assert.deepEqual([silent.inbox, slow.inbox], [[], []]);
  });

  it('maxHalfOpen closes the connections beyond it', async () => {
    const alice = await petrel.user('alice');
    const open = () => PacketClient.open(petrel.port('mqtt'));
    const waiting = [];
    for (let i = 0; i < 5; i++) waiting.push(await open());
    await (await open()).ending();
    for (const client of waiting) await client.drop();
    await until('room again', async () => {
      const client = await alice.tryConnect().catch(() => undefined);
      return client?.reason === 0;
    });
  });

  it('sessionExpiryMax bounds how long a session is kept', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const to = await bob.connect();
    // A will is sent at the end of its session at the latest. [MQTT-3.1.3-9]
    const will = { topic: `send/u/${bob.uid}`, payload: 'over', properties: { willDelayInterval: 600 } };
    const options = { clientId: 'phone', clean: false, expiry: 600 };
    const first = await alice.connect({ ...options, will });
    assert.equal(first.connack.properties?.sessionExpiryInterval, 1);
    await first.drop();
    assert.deepEqual((await to.event()).body, { text: 'over' });
    assert.equal((await alice.connect(options)).connack.sessionPresent, false);
  });
});

describe('keep alive', () => {
  it('of 1 s ends a connection that is silent for longer, MQTT 5 with 0x8D, and sends its will', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const to = await bob.connect();
    const will = { topic: `send/u/${bob.uid}`, payload: 'gone' };
    const five = await alice.connect({ keepalive: 1, will });
    const three = await alice.connect({ keepalive: 1, version: 4 });
    const lively = await alice.connect({ keepalive: 1 });
    const pings = setInterval(() => lively.isOpen && lively.send({ cmd: 'pingreq' }), 300);
    assert.equal((await five.ending())?.reasonCode, 0x8d);
    assert.equal(await three.ending(), undefined);
    assert.deepEqual((await to.event()).body, { text: 'gone' });
    assert.equal(lively.isOpen, true);
    clearInterval(pings);
  });
});

describe("a client's maximum packet size", () => {
  it('keeps larger events away from it, and the rest comes', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const properties = { maximumPacketSize: 400 };
    const options = { clientId: 'small', clean: false, expiry: 1, properties };
    const small = await bob.connect(options);
    const from = await alice.connect();
    await from.publish(`send/u/${bob.uid}`, textMessage('large', 'x'.repeat(600)));
    await from.publish(`send/u/${bob.uid}`, textMessage('short', 'x'));
    const event = await small.event();
    assert.deepEqual([event.id, event.seq], ['short', 2]);
    assert.deepEqual(await small.unexpectedEvents(), []);
  });
});

describe('limits.connectPerSecond', () => {
  it('refuses with 0x9F, in MQTT 3.1.1 with return code 3', async () => {
    const limited = new Petrel({ PETREL_LIMITS_CONNECT_PER_SECOND: '3' });
    try {
      await limited.start();
      const alice = await limited.user('alice');
      const codes = new Set<number>();
      await until('both refusals', async () => {
        const [five, three] = await Promise.all([alice.tryConnect(), alice.tryConnect({ version: 4 })]);
        codes.add(five.reason).add(three.reason);
        return codes.has(0x9f) && codes.has(3);
      });
      assert.deepEqual(codes, new Set([0, 0x9f, 3]));
    } finally {
      await limited.remove();
    }
  });
});
