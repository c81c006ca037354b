import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Packet, parser } from 'mqtt-packet';
import {
  connectFrame,
  disconnectFrame,
  field,
  frame,
  type ProtocolVersion,
  subscribeFrame,
} from '../../../bench/load/frames.ts';

function parsed(bytes: Buffer, protocolVersion: ProtocolVersion): Packet {
  const packets: Packet[] = [];
  parser({ protocolVersion })
    .on('packet', (packet: Packet) => packets.push(packet))
    .parse(bytes);
  assert.equal(packets.length, 1);
  return packets[0]!;
}

for (const version of [4, 5] as const) {
  test(`connects with a token and an empty user name, MQTT level ${version}`, () => {
    const bytes = connectFrame({
      version,
      clientId: 'c',
      password: 'token',
      cleanStart: true,
      sessionExpirySeconds: 0,
    });
    const packet = parsed(bytes, version);
    assert.ok(packet.cmd === 'connect');
    assert.equal(packet.protocolVersion, version);
    assert.equal(packet.clientId, 'c');
    assert.equal(packet.clean, true);
    assert.equal(String(packet.username), '');
    assert.equal(String(packet.password), 'token');
  });

  test(`subscribes at QoS 1, MQTT level ${version}`, () => {
    const packet = parsed(subscribeFrame(version, ['a', 'b/+']), version);
    assert.ok(packet.cmd === 'subscribe');
    assert.deepEqual(
      packet.subscriptions.map(({ topic, qos }) => [topic, qos]),
      [
        ['a', 1],
        ['b/+', 1],
      ],
    );
  });
}

test('asks for a session that outlives the connection', () => {
  const packet = parsed(
    connectFrame({ version: 5, clientId: 'c', cleanStart: false, sessionExpirySeconds: 3600 }),
    5,
  );
  assert.ok(packet.cmd === 'connect');
  assert.equal(packet.clean, false);
  assert.equal(packet.properties?.sessionExpiryInterval, 3600);
  assert.equal(packet.username, undefined);
});

test('disconnects with no more than two bytes', () => {
  assert.equal(parsed(disconnectFrame, 5).cmd, 'disconnect');
});

test('writes the remaining length in as few bytes as it needs', () => {
  const header = (size: number): number[] => [...frame(0x30, [Buffer.alloc(size)]).subarray(1, -size)];
  assert.deepEqual(header(127), [0x7f]);
  assert.deepEqual(header(128), [0x80, 1]);
  assert.deepEqual(header(16_384), [0x80, 0x80, 1]);
});

test('writes the length of a string in bytes', () => {
  assert.deepEqual([...field('é')], [0, 2, 0xc3, 0xa9]);
});
