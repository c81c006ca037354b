import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { property as p } from '../../support/raw.ts';
import { connected, type Fault, fresh, openServer } from './wire.ts';

const petrel = openServer();
before(() => petrel.start());
after(() => petrel.remove());

describe('PUBLISH with a fault ends the connection [MQTT-4.13.1-1]:', () => {
  const pub = raw.publish;
  const faults: readonly Fault[] = [
    ['QoS 3 [MQTT-3.3.1-4]', pub({ qos: 3 }), 0x81],
    ['DUP at QoS 0 [MQTT-3.3.1-2]', pub({ dup: true }), 0x81],
    ['packet identifier 0 at QoS 1 [MQTT-2.2.1-3]', pub({ qos: 1, id: 0 }), 0x81],
    ['packet identifier 0 at QoS 2 [MQTT-2.2.1-3]', pub({ qos: 2, id: 0 }), 0x81],
    [
      'packet identifier 0 in a send [MQTT-2.2.1-3]',
      pub({ qos: 1, id: 0, topic: 'send/u/bob', payload: 'x' }),
      0x81,
    ],
    ['a wildcard # in the topic [MQTT-3.3.2-2]', pub({ topic: 'a/#' }), 0x90],
    ['a wildcard + in the topic [MQTT-3.3.2-2]', pub({ topic: '+' }), 0x90],
    ['U+0000 in the topic [MQTT-1.5.4-2] [MQTT-4.7.3-2]', pub({ topic: 'a\0b' }), 0x81],
    ['a topic that is no UTF-8 [MQTT-3.3.2-1]', pub({ topic: raw.hex('61ff') }), 0x81],
    ['a surrogate in the topic [MQTT-1.5.4-1]', pub({ topic: raw.hex('edbfbf') }), 0x81],
    ['an overlong topic [MQTT-1.5.4-1]', pub({ topic: raw.hex('e08080') }), 0x81],
    ['a code point beyond U+10FFFF [MQTT-1.5.4-1]', pub({ topic: raw.hex('f4908080') }), 0x81],
    ['no topic and no alias [MQTT-4.7.3-1]', pub({ topic: '' }), 0x82],
    ['topic alias 0 [MQTT-3.3.2-8]', pub({ properties: [p.topicAlias(0)] }), 0x94],
    ['a topic alias above the maximum [MQTT-3.3.2-9]', pub({ properties: [p.topicAlias(17)] }), 0x94],
    ['a topic alias that was not set', pub({ topic: '', properties: [p.topicAlias(3)] }), 0x82],
    ['a topic alias given twice', pub({ properties: [p.topicAlias(1), p.topicAlias(1)] }), 0x82],
    ['a subscription identifier [MQTT-3.3.4-6]', pub({ properties: [p.subscriptionId(1)] }), 0x81],
    ['a payload format of 2', pub({ properties: [p.payloadFormat(2)] }), 0x82],
    ['a payload format given twice', pub({ properties: [p.payloadFormat(1), p.payloadFormat(1)] }), 0x82],
    ['a message expiry given twice', pub({ properties: [p.messageExpiry(1), p.messageExpiry(1)] }), 0x82],
    ['a response topic with a wildcard [MQTT-3.3.2-14]', pub({ properties: [p.responseTopic('a/#')] }), 0x82],
    [
      'a response topic that is no UTF-8 [MQTT-3.3.2-13]',
      pub({ properties: [p.responseTopic(raw.hex('ff'))] }),
      0x81,
    ],
    ['a response topic given twice', pub({ properties: [p.responseTopic('a'), p.responseTopic('a')] }), 0x82],
    [
      'correlation data given twice',
      pub({ properties: [p.correlationData('a'), p.correlationData('a')] }),
      0x82,
    ],
    [
      'a content type that is no UTF-8 [MQTT-3.3.2-19]',
      pub({ properties: [p.contentType(raw.hex('ff'))] }),
      0x81,
    ],
    ['a content type given twice', pub({ properties: [p.contentType('a'), p.contentType('a')] }), 0x82],
    [
      'a user property whose key is no UTF-8 [MQTT-1.5.7-1]',
      pub({ properties: [p.user(raw.hex('ff'), 'a')] }),
      0x81,
    ],
    ['a property of CONNECT', pub({ properties: [p.receiveMaximum(1)] }), 0x81],
    ['a property of the will', pub({ properties: [p.willDelay(1)] }), 0x81],
    ['no property length [MQTT-2.2.2-1]', raw.frame(0x30, raw.string('a')), 0x81],
    ['a property that is cut off', raw.frame(0x30, raw.string('a'), raw.hex('03 02 00 00')), 0x81],
  ];
  for (const [name, bytes, reason] of faults)
    it(`${name}: 0x${reason.toString(16)}`, async () => {
      const wire = await connected(petrel);
      wire.write(bytes);
      await wire.endsWith(reason);
    });
});

describe('PUBLISH', () => {
  it('is answered by its QoS: nothing, PUBACK, PUBREC and PUBCOMP, with its packet identifier [MQTT-3.3.4-1] [MQTT-2.2.1-5] [MQTT-2.2.1-2] [MQTT-4.3.2-4] [MQTT-4.3.3-8] [MQTT-4.3.3-11]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('t/');
    wire.write(raw.publish({ topic }));
    assert.equal((await wire.deliveries()).length, 0);
    wire.write(raw.publish({ topic, qos: 1, id: 0xabcd }));
    assert.equal((await wire.next('puback')).messageId, 0xabcd);
    wire.write(raw.publish({ topic, qos: 2, id: 0x1234 }));
    assert.equal((await wire.next('pubrec')).messageId, 0x1234);
    wire.write(raw.pubrel(0x1234));
    const { messageId, reasonCode } = await wire.next('pubcomp');
    assert.deepEqual([messageId, reasonCode ?? 0], [0x1234, 0]);
  });

  it('of QoS 1 with an identifier that was answered is a new message [MQTT-4.3.2-5]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('t/');
    await wire.subscribed(topic);
    for (let i = 0; i < 3; i++) {
      wire.write(raw.publish({ topic, qos: 1, id: 5, payload: String(i) }));
      await wire.next('puback');
    }
    assert.deepEqual(
      (await wire.deliveries()).map(({ payload }) => payload.toString()),
      ['0', '1', '2'],
    );
  });

  it('of QoS 2 is delivered once, however often it comes before its PUBREL [MQTT-4.3.3-10]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('t/');
    await wire.subscribed(topic);
    for (const dup of [false, true, true, false]) {
      wire.write(raw.publish({ topic, qos: 2, id: 7, dup, payload: 'once' }));
      assert.equal((await wire.next('pubrec')).messageId, 7);
    }
    assert.equal((await wire.deliveries()).length, 1);
    wire.write(raw.pubrel(7));
    await wire.next('pubcomp');
    // The identifier is free again. [MQTT-4.3.3-12]
    wire.write(raw.publish({ topic, qos: 2, id: 7, payload: 'again' }));
    await wire.next('pubrec');
    assert.equal((await wire.deliveries()).length, 1);
  });

  it('of QoS 2 that was refused leaves its identifier free [MQTT-4.3.3-9]', async () => {
    const wire = await connected(petrel);
    for (let i = 0; i < 2; i++) {
      wire.write(raw.publish({ topic: 'u/bob', qos: 2, id: 8 }));
      const { reasonCode } = await wire.next('pubrec');
      assert.equal(reasonCode, 0x87);
    }
    wire.write(raw.pubrel(8));
    assert.equal((await wire.next('pubcomp')).reasonCode, 0x92);
  });

  it('reaches subscribers of its topic alone, byte for byte as the filter says [MQTT-3.3.2-3] [MQTT-4.7.3-4]', async () => {
    const wire = await connected(petrel);
    const name = fresh('T');
    await wire.subscribed(`${name}/a`);
    // Another case, a slash more, composed and decomposed letters are other topics.
    for (const topic of [
      `${name.toLowerCase()}/a`,
      `${name}/A`,
      `${name}/a/`,
      `/${name}/a`,
      `${name}//a`,
      `${name}/á`,
      `${name}/a\u0301`,
    ]) {
      wire.write(raw.publish({ topic }));
    }
    wire.write(raw.publish({ topic: `${name}/a` }));
    assert.deepEqual(
      (await wire.deliveries()).map(({ topic }) => topic),
      [`${name}/a`],
    );
  });

  it('keeps a byte order mark in its topic [MQTT-1.5.4-3]', async () => {
    const wire = await connected(petrel);
    const topic = Buffer.concat([raw.hex('efbbbf'), Buffer.from(fresh('bom'))]);
    await wire.subscribed(topic);
    const before = wire.received.length;
    wire.write(raw.publish({ topic }));
    await wire.next('publish');
    assert.ok(wire.received.subarray(before).includes(topic));
    await wire.subscribed(topic.subarray(3));
    wire.write(raw.publish({ topic }));
    assert.equal((await wire.deliveries()).length, 1);
  });

  it('takes topics of up to 65,535 bytes [MQTT-4.7.3-3] [MQTT-4.7.3-1]', async () => {
    const wire = await connected(petrel);
    for (const topic of ['x', ' ', '/', 'x'.repeat(65_535), '€'.repeat(21_845)]) {
      assert.equal(await wire.subscribed(topic), 0);
      wire.write(raw.publish({ topic }));
      assert.equal((await wire.delivered()).topic, topic);
      wire.write(raw.unsubscribe(3, [topic]));
      await wire.next('unsuback');
    }
  });

  it('arrives with its properties unaltered and in order [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('t/');
    await wire.subscribed(topic, 2);
    const given = [
      p.payloadFormat(1),
      p.contentType('text/plain; x=ü'),
      p.responseTopic('answers/here'),
      p.correlationData(raw.hex('00ff00')),
      p.user('b', '1'),
      p.user('a', '2'),
      p.user('b', '1'),
      p.user('', ''),
    ];
    for (const qos of [0, 1, 2]) {
      const before = wire.received.length;
      wire.write(raw.publish({ topic, qos, id: 20 + qos, payload: 'x', properties: given }));
      const { qos: got } = await wire.next('publish');
      assert.equal(got, qos);
      const bytes = wire.received.subarray(before);
      for (const one of given.slice(0, 4)) assert.ok(bytes.includes(one));
      assert.ok(bytes.includes(Buffer.concat(given.slice(4))));
    }
  });

  it('may set and use every topic alias up to the maximum, for its own connection alone [MQTT-3.3.2-10] [MQTT-3.3.2-7] [MQTT-3.3.2-12]', async () => {
    const reader = await connected(petrel);
    const name = fresh('alias');
    await reader.subscribed(`${name}/#`);
    const wire = await connected(petrel);
    for (let i = 1; i <= 16; i++) {
      wire.write(raw.publish({ topic: `${name}/${i}`, properties: [p.topicAlias(i)] }));
    }
    for (let i = 1; i <= 16; i++) wire.write(raw.publish({ topic: '', properties: [p.topicAlias(i)] }));
    wire.write(raw.publish({ topic: `${name}/other`, properties: [p.topicAlias(1)] }));
    wire.write(raw.publish({ topic: '', properties: [p.topicAlias(1)] }));
    await wire.ping();
    const topics = (await reader.deliveries()).map(({ topic }) => topic);
    const sixteen = Array.from({ length: 16 }, (_, i) => `${name}/${i + 1}`);
    assert.deepEqual(topics, [...sixteen, ...sixteen, `${name}/other`, `${name}/other`]);
    // Not forwarded: the reader offered none. [MQTT-3.1.2-27] [MQTT-3.3.2-11]
    assert.ok(!reader.received.includes(p.topicAlias(1)));
    const another = await connected(petrel);
    another.write(raw.publish({ topic: '', properties: [p.topicAlias(1)] }));
    await another.endsWith(0x82);
  });

  it('to a client that offers aliases uses none above its maximum [MQTT-3.1.2-26] [MQTT-3.3.2-11] [MQTT-3.3.2-8]', async () => {
    const reader = await connected(petrel, { properties: [p.topicAliasMaximum(2)] });
    const name = fresh('alias');
    await reader.subscribed(`${name}/#`);
    const wire = await connected(petrel);
    for (let round = 0; round < 2; round++)
      for (let i = 0; i < 5; i++) wire.write(raw.publish({ topic: `${name}/${i}` }));
    await wire.ping();
    await reader.ping();
    const known = new Map<number, string>();
    const topics = reader.inbox.flatMap((packet) => {
      if (packet.cmd !== 'publish') return [];
      const alias = packet.properties?.topicAlias;
      assert.ok(alias === undefined || (alias >= 1 && alias <= 2));
      if (alias !== undefined && packet.topic !== '') known.set(alias, packet.topic);
      return [packet.topic === '' ? known.get(alias!) : packet.topic];
    });
    const five = Array.from({ length: 5 }, (_, i) => `${name}/${i}`);
    assert.deepEqual(topics, [...five, ...five]);
  });

  it('goes out with DUP 0, whatever it came with [MQTT-3.3.1-3] [MQTT-3.3.1-1] [MQTT-4.3.2-2] [MQTT-4.3.3-2] [MQTT-4.3.1-1]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('t/');
    await wire.subscribed(topic, 2);
    for (const qos of [1, 2]) {
      wire.write(raw.publish({ topic, qos, id: 30 + qos, dup: true }));
      const packet = await wire.delivered();
      assert.deepEqual([packet.dup, packet.qos], [false, qos]);
      assert.notEqual(packet.messageId, 0);
    }
    wire.write(raw.publish({ topic }));
    const packet = await wire.delivered();
    assert.deepEqual([packet.dup, packet.qos], [false, 0]);
  });

  it('larger than the client takes is not sent to it, and nothing else suffers [MQTT-3.1.2-24] [MQTT-3.1.2-25]', async () => {
    const name = fresh('large');
    const small = await connected(petrel, { properties: [p.maximumPacketSize(100)] });
    const other = await connected(petrel);
    for (const wire of [small, other]) await wire.subscribed(name, 1);
    const sender = await connected(petrel);
    for (const [id, length] of [
      [1, 10],
      [2, 500],
      [3, 20],
    ] as const) {
      sender.write(raw.publish({ topic: name, qos: 1, id, payload: 'x'.repeat(length) }));
      assert.equal((await sender.next('puback')).reasonCode ?? 0, 0);
    }
    const lengths = async (wire: typeof small) =>
      (await wire.deliveries()).map(({ payload }) => payload.length);
    assert.deepEqual(await lengths(small), [10, 20]);
    assert.deepEqual(await lengths(other), [10, 500, 20]);
  });
});
