import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { generate, type Packet } from 'mqtt-packet';
import { textMessage } from '../support/chat-client.ts';
import { PacketClient } from '../support/packet-client.ts';
import { Petrel } from '../support/petrel.ts';
import { Seeded } from '../support/seeded.ts';
import { until } from '../support/until.ts';

const seed = Number(process.env.TEST_HOSTILE_SEED ?? Date.now() % 1_000_000);
const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

/** Two users chat: the server is there, and in its right mind. */
async function assertServes(): Promise<void> {
  const [alice, bob] = await petrel.users('alice', 'bob');
  const [from, to] = [await alice.connect(), await bob.connect()];
  assert.equal((await from.publish(`send/u/${bob.uid}`, 'still there?')).reason, 0);
  assert.equal((await to.event()).from, alice.uid);
  await Promise.all([from.disconnect(), to.disconnect()]);
}

describe('the server goes on after', () => {
  it('random bytes instead of a CONNECT', async (t) => {
    t.diagnostic(`TEST_HOSTILE_SEED=${seed}`);
    const random = new Seeded(seed);
    for (let i = 0; i < 60; i++) {
      const client = await PacketClient.open(petrel.port('mqtt'));
      client.write(random.bytes(random.between(1, 300)));
      client.socket.end();
      await client.closed;
    }
    await assertServes();
  });

  it('packets with random damage, before and after CONNECT', async (t) => {
    t.diagnostic(`TEST_HOSTILE_SEED=${seed}`);
    const random = new Seeded(seed + 1);
    const alice = await petrel.user('mallory');
    const properties = { userProperties: { a: 'b' }, contentType: 'text/plain' };
    const packets: Packet[] = [
      {
        cmd: 'connect',
        clientId: 'm',
        protocolVersion: 5,
        clean: true,
        username: alice.uid,
        password: Buffer.from(alice.token),
      },
      { cmd: 'publish', topic: 'send/u/x', payload: 'hi', qos: 1, messageId: 1, dup: false, retain: false },
      {
        cmd: 'publish',
        topic: 'a',
        payload: 'b',
        qos: 2,
        messageId: 2,
        dup: false,
        retain: true,
        properties,
      },
      { cmd: 'subscribe', messageId: 3, subscriptions: [{ topic: 'u/x', qos: 1 }] },
      { cmd: 'unsubscribe', messageId: 4, unsubscriptions: ['u/x'] },
      { cmd: 'puback', messageId: 40_000, reasonCode: 0 },
      { cmd: 'pubrel', messageId: 2, reasonCode: 0 },
      { cmd: 'pingreq' },
      { cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 7 } },
    ];
    const frames = packets.map((packet) => generate(packet, { protocolVersion: 5 }));
    for (let i = 0; i < 150; i++) {
      const damaged = Buffer.from(random.pick(frames));
      for (let hits = random.between(1, 3); hits > 0; hits--)
        damaged[random.between(0, damaged.length - 1)] = random.between(0, 255);
      const client =
        i % 3 === 0
          ? await PacketClient.open(petrel.port('mqtt'))
          : await alice.connect({ clientId: 'm', version: i % 3 === 1 ? 5 : 4 });
      client.write(damaged);
      client.socket.end();
      await client.closed;
    }
    await assertServes();
  });

  it('connections that come and go without a word', async () => {
    const sockets = Array.from({ length: 200 }, () => connect(petrel.port('mqtt'), '127.0.0.1'));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const closed = sockets.map((socket) => once(socket, 'close'));
    for (const socket of sockets) socket.resetAndDestroy();
    await Promise.all(closed);
    await assertServes();
  });

  it('HTTP on the MQTT port and MQTT on the HTTP port', async () => {
    const web = await PacketClient.open(petrel.port('mqtt'));
    web.write(Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: ${'x'.repeat(80)}\r\n\r\n`));
    await web.ending();
    const socket = connect(petrel.port('http'), '127.0.0.1');
    socket.resume();
    socket.write(Buffer.from('101000044d5154540502003c00000001610000', 'hex'));
    await once(socket, 'close');
    await assertServes();
  });
});

describe('a breach of the protocol', () => {
  /** A frame of the given bytes on a fresh MQTT 5 connection; answers the reason code of the DISCONNECT. */
  const endingAfter = async (hex: string): Promise<number | undefined> => {
    const alice = await petrel.user('alice');
    const client = await alice.connect();
    client.write(Buffer.from(hex, 'hex'));
    return (await client.ending())?.reasonCode;
  };

  for (const [name, hex, reason] of [
    ['a second CONNECT', '100d00044d51545405020000000000', 0x82],
    ['a packet only a server sends', '2003000000', 0x82],
    ['a SUBSCRIBE with wrong flags', '8008000a000002616200', 0x81],
    ['a SUBSCRIBE without a filter', '8203000a00', 0x82],
    ['a SUBSCRIBE with reserved options', '8207000a00000161ff', 0x81],
    ['a PUBLISH with QoS 3', '36060001610001ff', 0x81],
    ['a PUBLISH with a wildcard in its topic', '30050002612b0078', 0x90],
    ['a PUBLISH without topic and alias', '300400000078', 0x82],
    ['a PUBLISH with packet id 0', '3206000161000000', undefined],
    ['a property given twice', '3009000161040101010178', 0x82],
    ['a property that has no place', '3009000161051100000001', undefined],
    ['a topic that is not UTF-8', '30060002c3280078', 0x81],
    ['a topic with a NUL', '3006000261000078', undefined],
    ['a remaining length of five bytes', '30ffffffff01', 0x81],
  ] as const)
    it(`(${name}) ends the connection`, async () => {
      const ending = await endingAfter(hex);
      assert.ok(ending !== undefined && ending >= 0x80, `DISCONNECT ${ending}`);
      if (reason !== undefined) assert.equal(ending.toString(16), reason.toString(16));
    });

  it('before CONNECT closes the connection without an answer', async () => {
    const client = await PacketClient.open(petrel.port('mqtt'));
    client.send({ cmd: 'pingreq' });
    await client.ending();
    assert.deepEqual(client.inbox, []);
  });

  it('of an unknown protocol level is refused', async () => {
    const client = await PacketClient.open(petrel.port('mqtt'), 4);
    client.write(Buffer.from('100d00044d5154540902003c000161', 'hex'));
    await client.ending();
  });
});

describe('a packet that comes byte by byte', () => {
  it('is read like one that comes whole', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [from, to] = [await alice.connect(), await bob.connect()];
    const bytes = generate(
      {
        cmd: 'publish',
        topic: `send/u/${bob.uid}`,
        payload: JSON.stringify(textMessage('c-1', 'x'.repeat(300))),
        qos: 1,
        messageId: 9,
        dup: false,
        retain: false,
      },
      { protocolVersion: 5 },
    );
    for (const byte of bytes) from.write(Buffer.of(byte));
    assert.equal((await from.next('puback')).messageId, 9);
    assert.equal((await to.event()).id, 'c-1');
  });
});

describe('a reader that stops', () => {
  it('costs the others nothing, and gets everything when it reads on', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const gid = await alice.createGroup([bob, carol]);
    const options = { clientId: 'slow', clean: false, expiry: 600 };
    const slow = await bob.connect(options);
    const [sender, fast] = [await alice.connect(), await carol.connect()];
    sender.ignores = 'publish';
    slow.socket.pause();
    const text = 'x'.repeat(20_000);
    const count = 600;
    const memory = async () => {
      const metrics = await (await fetch(`${petrel.url('http')}/metrics`)).text();
      return Number(/^process_resident_memory_bytes (\d+)/m.exec(metrics)?.[1]);
    };
    const lagging = async () => {
      const metrics = await (await fetch(`${petrel.url('http')}/metrics`)).text();
      return /^petrel_sessions_lagging ([1-9]\d*)$/m.test(metrics);
    };
    const before = await memory();
    for (let i = 0; i < count; i += 20) {
      const ids = Array.from({ length: 20 }, (_, k) =>
        sender.post(`send/g/${gid}`, textMessage(`c-${i + k}`, text)),
      );
      for (const id of ids) await sender.acked(id);
    }
    const received = await fast.events(count, `g:${gid}`);
    assert.equal(received.at(-1)?.seq, count + 1);
    await until('a session that lags', lagging);
    assert.ok((await memory()) - before < 150 * 1024 * 1024);
    slow.socket.resume();
    const late = await slow.events(count, `g:${gid}`);
    assert.deepEqual(
      late.map(({ seq }) => seq),
      Array.from({ length: count }, (_, i) => i + 2),
    );
  });

  it('that only sends is answered when it reads, and does not fill the memory', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await alice.connect({ version: 4 });
    client.socket.pause();
    const ids: number[] = [];
    for (let i = 0; i < 2000; i++) ids.push(client.post(`send/u/${bob.uid}`, textMessage(`c-${i}`, 'hi')));
    await assertServes();
    client.socket.resume();
    for (const id of ids) await client.acked(id);
  });
});

describe('HTTP', () => {
  it('never answers 500 to what a client sends', async () => {
    const alice = await petrel.user('alice');
    const url = petrel.url('http');
    const headers = { authorization: `Bearer ${alice.token}`, 'content-type': 'application/json' };
    const bodies = [
      '',
      '{',
      '[]',
      'null',
      '"x"',
      '{"__proto__":{"a":1}}',
      '{"uid":{}}',
      '\xff\xfe',
      `[${'['.repeat(5000)}`,
    ];
    const paths = ['auth/register', 'auth/login', 'auth/refresh', 'groups', 'sync', 'auth/logout?x=1'];
    for (const path of paths)
      for (const body of bodies) {
        // What needs no input takes an empty one.
        if (body === '' && /logout|sync/.test(path)) continue;
        const reply = await fetch(`${url}/v1/${path}`, {
          method: 'POST',
          headers,
          body: Buffer.from(body, 'latin1'),
        });
        assert.ok(reply.status >= 400 && reply.status < 500, `${path} ${body.slice(0, 20)}: ${reply.status}`);
        assert.match(reply.headers.get('content-type') ?? '', /problem\+json/);
      }
    for (const path of [
      'users/%00',
      'users/%ff',
      `users/${'x'.repeat(2000)}`,
      'groups/..%2f',
      'nothing',
      'users/__proto__',
    ])
      assert.ok((await fetch(`${url}/v1/${path}`, { headers })).status < 500, path);
    for (const authorization of [
      'Bearer',
      'Basic x',
      'Bearer a b',
      `Bearer ${'x'.repeat(10_000)}`,
      'Bearer a.b.c',
    ])
      assert.equal(
        (await fetch(`${url}/v1/me`, { headers: { authorization } })).status,
        401,
        authorization.slice(0, 20),
      );
    const large = await fetch(`${url}/v1/sync`, {
      method: 'POST',
      headers,
      body: ' '.repeat(2 * 1024 * 1024),
    });
    assert.equal(large.status, 413);
  });
});
