import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { type PacketSink, readPackets } from '../../../bench/load/reader.ts';

class Recorder implements PacketSink {
  readonly seen: string[] = [];

  connack(reason: number): void {
    this.seen.push(`connack ${reason}`);
  }

  suback(reason: number): void {
    this.seen.push(`suback ${reason}`);
  }

  puback(packetId: number, reason: number): void {
    this.seen.push(`puback ${packetId} ${reason}`);
  }

  publish(packetId: number, bytes: Buffer, end: number): void {
    this.seen.push(`publish ${packetId} …${bytes.toString('latin1', end - 1, end)}`);
  }

  disconnect(reason: number): void {
    this.seen.push(`disconnect ${reason}`);
  }
}

const v5 = { protocolVersion: 5 };
const publish = (qos: 0 | 1, messageId: number, payload: string): Buffer =>
  generate({ cmd: 'publish', topic: 't', qos, messageId, payload, dup: false, retain: false }, v5);

const stream = Buffer.concat([
  generate({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, v5),
  generate({ cmd: 'suback', messageId: 1, granted: [1] }, v5),
  generate({ cmd: 'puback', messageId: 300, reasonCode: 0 }, v5),
  generate({ cmd: 'puback', messageId: 7, reasonCode: 0x97, properties: { reasonString: 'slow down' } }, v5),
  publish(1, 40_000, `${'x'.repeat(200)}y`),
  publish(0, 0, 'z'),
  generate({ cmd: 'pingresp' }, v5),
  generate({ cmd: 'disconnect', reasonCode: 0x8b }, v5),
]);
const expected = [
  'connack 0',
  'suback 1',
  'puback 300 0',
  'puback 7 151',
  'publish 40000 …y',
  'publish 0 …z',
  'disconnect 139',
];

test('reads the packets of a stream', () => {
  const recorder = new Recorder();
  assert.equal(readPackets(stream, stream.length, recorder), stream.length);
  assert.deepEqual(recorder.seen, expected);
});

test('reads the same packets however the stream is cut', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: stream.length - 1 }), { maxLength: 20 });
  fc.assert(
    fc.property(cuts, (places) => {
      const recorder = new Recorder();
      let held = Buffer.alloc(0);
      let from = 0;
      for (const to of [...places.toSorted((a, b) => a - b), stream.length]) {
        held = Buffer.concat([held, stream.subarray(from, to)]);
        held = held.subarray(readPackets(held, held.length, recorder));
        from = to;
      }
      assert.equal(held.length, 0);
      assert.deepEqual(recorder.seen, expected);
    }),
  );
});
