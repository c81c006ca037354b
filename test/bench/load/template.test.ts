import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Packet, parser } from 'mqtt-packet';
import { PublishTemplate, readStamp, stampFromEnd } from '../../../bench/load/template.ts';

function published(template: PublishTemplate, version: 4 | 5, packetId: number) {
  const target = Buffer.alloc(template.length + 8);
  template.write(target, 8, packetId);
  const packets: Packet[] = [];
  parser({ protocolVersion: version })
    .on('packet', (packet: Packet) => packets.push(packet))
    .parse(target.subarray(8));
  const packet = packets[0];
  assert.ok(packets.length === 1 && packet?.cmd === 'publish');
  return packet;
}

const bodyOf = (payload: string | Buffer): { id: string; type: string; body: { text: string } } =>
  JSON.parse(String(payload));

for (const version of [4, 5] as const)
  test(`writes whole messages that differ in packet id and number, MQTT level ${version}`, () => {
    const shape = { version, clientId: 'alice_1', topic: 'send/u/bob_1', textBytes: 100 };
    const template = new PublishTemplate(shape, 999);
    const packets = [published(template, version, 1), published(template, version, 0xffff)];
    assert.deepEqual(
      packets.map((packet) => [packet.topic, packet.qos, packet.messageId, bodyOf(packet.payload).id]),
      [
        ['send/u/bob_1', 1, 1, 'alice_1-000000001000'],
        ['send/u/bob_1', 1, 0xffff, 'alice_1-000000001001'],
      ],
    );
    const { type, body } = bodyOf(packets[0]!.payload);
    assert.equal(type, 'text');
    assert.equal(body.text.length, 100);
  });

test('a receiver reads the time stamp wherever the payload is embedded', () => {
  const micros = fc.integer({ min: 0, max: 99_999_999_999_999 });
  fc.assert(
    fc.property(micros, fc.integer({ min: 0, max: 300 }), fc.string(), (stamp, textBytes, before) => {
      const template = new PublishTemplate({ version: 5, clientId: 'a', topic: 't', textBytes }, 0);
      template.stamp(stamp);
      const packet = published(template, 5, 1);
      const delivered = Buffer.concat([Buffer.from(before), Buffer.from(packet.payload)]);
      assert.equal(readStamp(delivered, delivered.length - stampFromEnd(textBytes)), stamp);
    }),
  );
});

test('finds no time stamp in another payload', () => {
  const other = Buffer.from('{"type":"group","body":{"action":"created"}}');
  assert.equal(readStamp(other, other.length - stampFromEnd(10)), Number.NaN);
  assert.equal(readStamp(other, other.length - stampFromEnd(100)), Number.NaN);
});
