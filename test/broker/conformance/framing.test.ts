import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { property as p } from '../../support/raw.ts';
import { connected, type Fault, fresh, openServer, Wire } from './wire.ts';

const petrel = openServer();
before(() => petrel.start());
after(() => petrel.remove());

describe('bytes on an open connection', () => {
  const faults: readonly Fault[] = [
    ['packet type 0', raw.hex('0000'), 0x82],
    ['CONNACK', raw.hex('2003000000'), 0x82],
    ['SUBACK', raw.hex('90040001 0000'), 0x82],
    ['UNSUBACK', raw.hex('b0040001 0000'), 0x82],
    ['PINGRESP', raw.hex('d000'), 0x82],
    ['a remaining length of five bytes [MQTT-1.5.5-1]', raw.hex('c0ffffffff7f'), 0x81],
    ['a remaining length that is not the shortest [MQTT-1.5.5-1]', raw.hex('c08000'), 0x81],
    [
      'a property length that is not the shortest [MQTT-1.5.5-1]',
      raw.frame(0x30, raw.string('a'), raw.hex('8000')),
      0x81,
    ],
    ['a packet that is larger than the maximum', raw.hex('30ffffff7f'), 0x95],
    ['PINGREQ with a body', raw.hex('c00100'), 0x81],
    ['flags of PINGREQ [MQTT-2.1.3-1]', raw.hex('c100'), 0x81],
    ['flags of PUBACK [MQTT-2.1.3-1]', raw.hex('41020001'), 0x81],
    ['flags of PUBREC [MQTT-2.1.3-1]', raw.hex('51020001'), 0x81],
    ['flags of PUBREL [MQTT-3.6.1-1]', raw.hex('60020001'), 0x81],
    ['flags of PUBCOMP [MQTT-2.1.3-1]', raw.hex('71020001'), 0x81],
    [
      'flags of SUBSCRIBE [MQTT-3.8.1-1]',
      Buffer.concat([raw.hex('80'), raw.subscribe(1, [['a', 0]]).subarray(1)]),
      0x81,
    ],
    [
      'flags of UNSUBSCRIBE [MQTT-3.10.1-1]',
      Buffer.concat([raw.hex('a0'), raw.unsubscribe(1, ['a']).subarray(1)]),
      0x81,
    ],
    ['flags of DISCONNECT [MQTT-3.14.1-1]', raw.hex('e100'), 0x81],
    ['flags of AUTH [MQTT-3.15.1-1]', raw.hex('f100'), 0x81],
    ['a PUBACK that is too short', raw.hex('400100'), 0x81],
    ['a SUBSCRIBE that is too short', raw.hex('820100'), 0x81],
    ['a PUBLISH whose topic reaches beyond it', raw.hex('3003ffff61'), 0x81],
  ];
  for (const [name, bytes, reason] of faults)
    it(`that are ${name} end it with 0x${reason.toString(16)} [MQTT-4.13.1-1] [MQTT-3.14.4-2]`, async () => {
      const wire = await connected(petrel);
      wire.write(bytes);
      await wire.endsWith(reason);
      // The DISCONNECT is the last packet. [MQTT-3.14.4-1]
      assert.equal(wire.inbox.at(-1)?.cmd, 'disconnect');
    });

  it('may come one by one and many packets at once', async () => {
    const wire = await connected(petrel);
    const topic = fresh('t/');
    await wire.subscribed(topic);
    const packets = Buffer.concat([
      raw.publish({ topic, payload: 'one', properties: [p.contentType('text/plain')] }),
      raw.pingreq,
      raw.publish({ topic, payload: 'x'.repeat(300), qos: 1, id: 9 }),
      raw.pingreq,
    ]);
    for (const byte of packets) wire.write(Buffer.of(byte));
    wire.write(Buffer.concat([packets, packets]));
    for (let i = 0; i < 6; i++) await wire.next('pingresp');
    assert.equal(wire.inbox.filter(({ cmd }) => cmd === 'publish').length, 6);
  });

  it('of MQTT 3.1.1 with a fault end it without a packet [MQTT-3.14.0-1]', async () => {
    for (const bytes of [raw.hex('0000'), raw.hex('c100'), raw.hex('f000'), raw.hex('30030001 2b')]) {
      const wire = await connected(petrel, { version: 4 });
      const before = wire.received.length;
      wire.write(bytes);
      await wire.closed;
      assert.equal(wire.received.length, before);
    }
  });

  it('before a CONNECT that are none of MQTT end without an answer', async () => {
    for (const text of [
      'GET / HTTP/1.1\r\nHost: petrel\r\n\r\n',
      '\xff\xff\xff\xff\xff',
      '\x16\x03\x01\x02\x00\x01\x00',
    ]) {
      const wire = await Wire.open(petrel.port('mqtt'));
      wire.write(Buffer.from(text, 'latin1'));
      wire.socket.end();
      await wire.closed;
      assert.equal(wire.received.length, 0, text);
    }
    const tooLarge = await Wire.open(petrel.port('mqtt'));
    tooLarge.write(raw.hex('10ffffff7f'));
    await tooLarge.closed;
    assert.equal(tooLarge.received.length, 0);
  });
});

describe('PINGREQ', () => {
  it('is answered with PINGRESP, in every version [MQTT-3.12.4-1]', async () => {
    for (const version of [3, 4, 5] as const) {
      const wire = await connected(petrel, { version });
      const before = wire.received.length;
      wire.write(raw.pingreq);
      await wire.next('pingresp');
      assert.deepEqual([...wire.received.subarray(before)], [0xd0, 0]);
    }
  });
});

describe('TCP, TLS and WebSocket', () => {
  it('carry MQTT alike [MQTT-4.2-1]', async () => {
    const tcp = await connected(petrel);
    await tcp.isServed();
    assert.match(petrel.url('ws'), /\/mqtt$/);
  });
});
