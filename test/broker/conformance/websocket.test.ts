import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import * as raw from '../../support/raw.ts';
import { until, within } from '../../support/until.ts';
import { fresh, openServer } from './wire.ts';

const petrel = openServer({ PETREL_HTTP_CORS_ORIGINS: '["https://chat.example"]' });
before(() => petrel.start());
after(() => petrel.remove());

const address = (path = '/mqtt') => `${petrel.url('http').replace('http', 'ws')}${path}`;

async function open(headers: Record<string, string> = {}, path?: string) {
  const socket = new WebSocket(address(path), 'mqtt', { headers });
  const received: Buffer[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    // [MQTT-6.0.0-1]
    assert.ok(isBinary);
    received.push(data);
  });
  await once(socket, 'open');
  const bytes = () => Buffer.concat(received);
  const has = (end: Buffer) => until('the bytes', () => bytes().includes(end));
  return { socket, bytes, has };
}

describe('WebSocket', () => {
  it('has the subprotocol mqtt and binary frames [MQTT-6.0.0-4] [MQTT-6.0.0-1]', async () => {
    const { socket, has } = await open();
    assert.equal(socket.protocol, 'mqtt');
    socket.send(raw.connect({ clientId: fresh('ws') }));
    socket.send(raw.pingreq);
    await has(raw.hex('d000'));
    socket.terminate();
  });

  it('may split packets anywhere, over messages and fragments, and join them [MQTT-6.0.0-2]', async () => {
    const topic = fresh('t/');
    const stream = Buffer.concat([
      raw.connect({ clientId: fresh('ws') }),
      raw.subscribe(1, [[topic, 0]]),
      raw.publish({ topic, payload: 'x'.repeat(200) }),
      raw.pingreq,
    ]);
    for (const size of [1, 2, 3, 7, 64, stream.length]) {
      for (const fin of [true, false]) {
        const { socket, bytes, has } = await open();
        for (let at = 0; at < stream.length; at += size) {
          const last = at + size >= stream.length;
          socket.send(stream.subarray(at, at + size), { fin: fin || last });
        }
        await has(raw.hex('d000'));
        assert.ok(bytes().includes('x'.repeat(200)));
        socket.terminate();
      }
    }
  });

  it('with a text frame is closed [MQTT-6.0.0-1]', async () => {
    const { socket } = await open();
    socket.send('hello');
    const [code] = (await within('the close', once(socket, 'close'))) as [number];
    assert.equal(code, 1003);
  });

  it('answers its own pings', async () => {
    const { socket } = await open();
    socket.ping('x');
    const [data] = (await within('a pong', once(socket, 'pong'))) as [Buffer];
    assert.equal(data.toString(), 'x');
    socket.terminate();
  });

  it('is closed by a message larger than any, and by frames that are none', async () => {
    const { socket } = await open();
    socket.on('error', () => {});
    socket.send(Buffer.alloc(64 * 1024 * 1024));
    await within('the close', once(socket, 'close'));
    const other = await open();
    other.socket.on('error', () => {});
    const inner = other.socket as unknown as { _socket: { write(bytes: Buffer): void } };
    inner._socket.write(Buffer.from('ffffffffff', 'hex'));
    await within('the close', once(other.socket, 'close'));
  });

  const upgrade = (headers: Record<string, string>, path?: string) =>
    open(headers, path).then(
      ({ socket }) => {
        socket.terminate();
        return 101;
      },
      (error: Error) => Number(/Unexpected server response: (\d+)/.exec(error.message)?.[1]),
    );

  it('is for pages of this server and of the origins that may call the API', async () => {
    assert.equal(await upgrade({}), 101);
    assert.equal(await upgrade({ origin: petrel.url('http') }), 101);
    assert.equal(await upgrade({ origin: 'https://chat.example' }), 101);
    for (const origin of ['https://evil.example', 'http://chat.example', 'null', 'nonsense']) {
      assert.equal(await upgrade({ origin }), 403, origin);
    }
    const forwarded = { origin: 'https://public.example', 'x-forwarded-host': 'public.example' };
    assert.equal(await upgrade(forwarded), 403);
  });

  it('is only at /mqtt', async () => {
    assert.equal(await upgrade({}, '/mqtt?x=1'), 101);
    for (const path of ['/', '/mqtt/', '/mqttx', '//mqtt']) assert.equal(await upgrade({}, path), 404, path);
  });
});

describe('WebSocket of a server that names no origins', () => {
  const own = openServer({ PETREL_HTTP_TRUST_PROXY: 'true' });
  before(() => own.start());
  after(() => own.remove());

  const upgrade = async (headers: Record<string, string>) => {
    const socket = new WebSocket(`${own.url('http').replace('http', 'ws')}/mqtt`, 'mqtt', { headers });
    const status = await new Promise((resolve) => {
      socket.once('open', () => resolve(101));
      socket.once('unexpected-response', (_, response) => resolve(response.statusCode));
    });
    socket.on('error', () => {});
    socket.terminate();
    return status;
  };

  it('is for programs and for pages of this server, by the name that the proxy was asked for', async () => {
    assert.equal(await upgrade({}), 101);
    assert.equal(await upgrade({ origin: own.url('http') }), 101);
    assert.equal(await upgrade({ origin: own.url('http').replace('http', 'https') }), 101);
    assert.equal(await upgrade({ origin: 'https://chat.example' }), 403);
    const forwarded = { origin: 'https://public.example', 'x-forwarded-host': 'public.example' };
    assert.equal(await upgrade(forwarded), 101);
  });
});
