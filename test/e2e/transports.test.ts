import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { createWebSocketStream, WebSocket } from 'ws';
import { selfSigned } from '../support/certificate.ts';
import { ChatClient, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'petrel-tls-'));
const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
const first = selfSigned('one.test');
const petrel = new Petrel({ PETREL_MQTT_TLS: JSON.stringify({ port: 0, ...files }) });

function install({ cert, key }: { cert: string; key: string }): void {
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
}

before(async () => {
  install(first);
  await petrel.start();
});
after(async () => {
  await petrel.remove();
  rmSync(folder, { recursive: true, force: true });
});

const open = async (protocols: string | string[] | undefined, path = '/mqtt') => {
  const url = petrel.url('http').replace('http', 'ws');
  const socket = new WebSocket(`${url}${path}`, protocols);
  await once(socket, 'open');
  return socket;
};

describe('MQTT over WebSocket', () => {
  it('is announced and served at /mqtt', async () => {
    assert.match(petrel.url('ws'), /\/mqtt$/);
    const [alice, bob] = await petrel.users('alice', 'bob');
    const tcp = await bob.connect();
    for (const [protocol, version] of [
      ['mqtt', 5],
      ['mqtt', 4],
      ['mqttv3.1', 3],
    ] as const) {
      const socket = await open(protocol);
      assert.equal(socket.protocol, protocol);
      const options = { version, username: alice.uid, password: alice.token, clientId: 'web' };
      const web = await ChatClient.connect(createWebSocketStream(socket), options);
      assert.equal(web.reason, 0);
      assert.equal((await web.publish(`send/u/${bob.uid}`, textMessage(`w-${version}`, 'hi'))).reason, 0);
      assert.equal((await tcp.event()).id, `w-${version}`);
      await tcp.publish(`send/u/${alice.uid}`, textMessage(`t-${version}`, 'hello'));
      assert.deepEqual(
        (await web.events(2)).map(({ id }) => id),
        [`w-${version}`, `t-${version}`],
      );
      await tcp.event();
      await web.disconnect();
    }
  });

  it('takes packets that are split over messages, and several in one', async () => {
    const alice = await petrel.user('alice');
    const stream = createWebSocketStream(await open('mqtt'));
    const web = new ChatClient(stream);
    const send = web.write.bind(web);
    web.write = (bytes) => {
      for (const byte of bytes) send(Buffer.of(byte));
    };
    web.send({
      cmd: 'connect',
      protocolVersion: 5,
      clientId: 'bytewise',
      clean: true,
      username: alice.uid,
      password: Buffer.from(alice.token),
    });
    assert.equal((await web.next('connack')).reasonCode, 0);
    send(Buffer.from('c000c000c000', 'hex'));
    for (let i = 0; i < 3; i++) await web.next('pingresp');
  });

  for (const [name, protocols] of [
    ['without a subprotocol', undefined],
    ['with another subprotocol', 'chat'],
  ] as const)
    it(`is refused ${name}`, async () => {
      await assert.rejects(open(protocols), /Unexpected server response: 400/);
    });

  it('chooses mqtt where several subprotocols are offered', async () => {
    const socket = await open(['chat', 'mqtt']);
    assert.equal(socket.protocol, 'mqtt');
    socket.terminate();
  });

  it('is refused on another path', async () => {
    await assert.rejects(open('mqtt', '/'), /Unexpected server response: 404/);
  });

  it('ends a connection that sends text', async () => {
    const socket = await open('mqtt');
    socket.send('hello');
    await once(socket, 'close');
  });

  it('tells why a connection ends before it closes', async () => {
    const alice = await petrel.user('alice');
    const stream = createWebSocketStream(await open('mqtt'));
    const web = await ChatClient.connect(stream, { username: alice.uid, password: alice.token });
    web.post(`send/u/${alice.uid}`, 'x'.repeat(262_150));
    assert.equal((await web.next('disconnect')).reasonCode, 0x95);
  });
});

describe('MQTT over TLS', () => {
  /** Trusts this certificate alone. */
  const secure = async ({ cert }: { cert: string }, servername: string): Promise<TLSSocket> => {
    const socket = connect({ port: petrel.port('mqtts'), host: '127.0.0.1', ca: cert, servername });
    await once(socket, 'secureConnect');
    return socket;
  };

  it('is served with the configured certificate', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const options = { username: alice.uid, password: alice.token };
    const client = await ChatClient.connect(await secure(first, 'one.test'), options);
    assert.equal(client.reason, 0);
    const other = await bob.connect();
    await client.publish(`send/u/${bob.uid}`, textMessage('c-1', 'x'.repeat(100_000)));
    assert.equal((await other.event()).id, 'c-1');
  });

  it('ends what speaks no TLS, and goes on', async () => {
    const alice = await petrel.user('alice');
    const plain = await ChatClient.connect(petrel.port('mqtts'), {}).catch(() => undefined);
    assert.equal(plain, undefined);
    const options = { username: alice.uid, password: alice.token };
    assert.equal((await ChatClient.connect(await secure(first, 'one.test'), options)).reason, 0);
  });

  it('takes a new certificate from its files without a restart; a broken one changes nothing', async () => {
    const alice = await petrel.user('alice');
    const options = { username: alice.uid, password: alice.token };
    const before = await ChatClient.connect(await secure(first, 'one.test'), options);
    writeFileSync(files.cert, 'no certificate');
    await until('the complaint in the log', () => petrel.output.includes('could not be read'));
    (await secure(first, 'one.test')).destroy();
    const second = selfSigned('two.test');
    install(second);
    const renewed = await until('the new certificate', () =>
      secure(second, 'two.test').catch(() => undefined),
    );
    assert.equal((await ChatClient.connect(renewed, options)).reason, 0);
    await before.ping();
  });
});
