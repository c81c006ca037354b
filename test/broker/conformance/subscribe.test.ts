import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { property as p } from '../../support/raw.ts';
import { connected, type Fault, fresh, openServer } from './wire.ts';

const petrel = openServer();
before(() => petrel.start());
after(() => petrel.remove());

describe('SUBSCRIBE with a fault ends the connection [MQTT-4.13.1-1]:', () => {
  const s = (filter: raw.Bytes, options = 0, ...more: readonly Uint8Array[]) =>
    raw.subscribe(1, [[filter, options]], ...more);
  const faults: readonly Fault[] = [
    ['packet identifier 0 [MQTT-2.2.1-3]', raw.subscribe(0, [['a', 0]]), 0x81],
    ['no filter [MQTT-3.8.3-2]', raw.subscribe(1, []), 0x82],
    ['a filter without options', raw.frame(0x82, raw.hex('0001 00 0001 61')), 0x81],
    ['QoS 3', s('a', 3), 0x81],
    ['reserved option bit 6 [MQTT-3.8.3-5]', s('a', 0x40), 0x81],
    ['reserved option bit 7 [MQTT-3.8.3-5]', s('a', 0x80), 0x81],
    ['retain handling 3', s('a', 0x30), 0x82],
    ['No Local on a shared subscription [MQTT-3.8.3-4]', s('$share/g/a', 0x04), 0x82],
    ['a filter that is no UTF-8 [MQTT-3.8.3-1]', s(raw.hex('ff')), 0x81],
    ['a filter with U+0000 [MQTT-4.7.3-2]', s('a\0'), 0x81],
    ['subscription identifier 0', s('a', 0, p.subscriptionId(0)), 0x82],
    ['two subscription identifiers', s('a', 0, p.subscriptionId(1), p.subscriptionId(2)), 0x82],
    ['a subscription identifier of five bytes', s('a', 0, raw.hex('0bffffffff01')), 0x81],
    ['a property of CONNECT', s('a', 0, p.sessionExpiry(1)), 0x81],
    ['no property length [MQTT-2.2.2-1]', raw.frame(0x82, raw.hex('0001')), 0x81],
  ];
  for (const [name, bytes, reason] of faults)
    it(`${name}: 0x${reason.toString(16)}`, async () => {
      const wire = await connected(petrel);
      wire.write(bytes);
      await wire.endsWith(reason);
    });

  it('in MQTT 3.1.1: option bits of MQTT 5', async () => {
    const wire = await connected(petrel, { version: 4 });
    wire.write(raw.frame(0x82, raw.hex('0001'), raw.string('a'), raw.hex('04')));
    await wire.closed;
  });
});

describe('SUBACK', () => {
  it('has the identifier of the SUBSCRIBE and one reason for each filter, in order [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-2.2.1-6] [MQTT-3.8.4-6] [MQTT-3.8.4-7] [MQTT-3.8.4-5] [MQTT-3.9.3-1] [MQTT-3.9.3-2]', async () => {
    const wire = await connected(petrel);
    wire.write(
      raw.subscribe(0xfedc, [
        ['a/+/b', 2],
        ['a/#/b', 1],
        ['#', 0],
        ['a+', 0],
        ['+a', 0],
        ['a#', 0],
        ['+/+', 1],
        ['', 0],
        ['$share/g/a', 2],
        ['$share/g', 0],
        ['$share//a', 0],
        ['$share/+/a', 0],
        ['$share/g/', 0],
        ['/', 1],
        ['##', 0],
        ['++', 0],
        ['+#', 0],
      ]),
    );
    const { messageId, granted } = await wire.next('suback');
    assert.equal(messageId, 0xfedc);
    // [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] [MQTT-4.8.2-1] [MQTT-4.8.2-2]
    const bad = 0x8f;
    assert.deepEqual(granted, [2, bad, 0, bad, bad, bad, 1, bad, 2, bad, bad, bad, bad, 1, bad, bad, bad]);
  });

  it('refuses filters that are none: # last and alone, + alone in its level, not empty, shares with a name [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] [MQTT-4.8.2-1] [MQTT-4.8.2-2]', async () => {
    const wire = await connected(petrel);
    for (const filter of [
      '#/a',
      'a/#/',
      'a/b#',
      'a/+b',
      'a/b+/c',
      '',
      '$share',
      '$share/',
      '$share/a',
      '$share/a#/b',
      '$share/+/b',
      '$share//b',
    ]) {
      assert.equal(await wire.subscribed(filter), 0x8f, filter);
    }
    for (const filter of ['#', '+', 'a/#', 'a/+/c', '+/+/#', '/#', '/+', 'a//+', '$share/a//']) {
      assert.equal(await wire.subscribed(filter, 1), 1, filter);
    }
  });

  it('gives 0x80 for each refusal in MQTT 3.1.1', async () => {
    const wire = await connected(petrel, { version: 4 });
    wire.write(
      raw.frame(0x82, raw.hex('0007'), raw.string('ok'), raw.hex('01'), raw.string('a#'), raw.hex('01')),
    );
    const { messageId, granted } = await wire.next('suback');
    assert.deepEqual([messageId, granted], [7, [1, 0x80]]);
  });
});

describe('a subscription', () => {
  it('gets messages with the lower of both QoS [MQTT-3.8.4-8] [MQTT-3.3.4-2]', async () => {
    const wire = await connected(petrel);
    const name = fresh('q');
    for (const granted of [0, 1, 2]) {
      assert.equal(await wire.subscribed(`${name}/${granted}`, granted), granted);
      for (const sent of [0, 1, 2]) {
        wire.write(raw.publish({ topic: `${name}/${granted}`, qos: sent, id: 1 + sent }));
        assert.equal((await wire.delivered()).qos, Math.min(granted, sent));
        wire.write(raw.pubrel(3));
      }
    }
  });

  it('replaces the one with the same filter: new QoS, new identifier, nothing twice, retained again [MQTT-3.8.4-3] [MQTT-3.8.4-4]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('t/');
    wire.write(raw.publish({ topic, retain: true, payload: 'kept' }));
    await wire.subscribed(topic, 1, p.subscriptionId(1));
    assert.equal((await wire.deliveries()).length, 1);
    await wire.subscribed(topic, 0, p.subscriptionId(2));
    assert.equal((await wire.deliveries()).length, 1);
    wire.write(raw.publish({ topic, qos: 1, id: 9 }));
    const [only, ...more] = await wire.deliveries();
    assert.equal(more.length, 0);
    assert.deepEqual([only?.qos, only?.properties?.subscriptionIdentifier], [0, 2]);
  });

  it('that overlaps another brings one copy, with the highest QoS and all identifiers [MQTT-3.3.4-2] [MQTT-3.3.4-3] [MQTT-3.3.4-4] [MQTT-3.3.4-5]', async () => {
    const wire = await connected(petrel);
    const name = fresh('o');
    await wire.subscribed(`${name}/#`, 0, p.subscriptionId(5));
    await wire.subscribed(`${name}/+`, 2, p.subscriptionId(268_435_455));
    await wire.subscribed(`${name}/a`, 1);
    wire.write(raw.publish({ topic: `${name}/a`, qos: 2, id: 1 }));
    const copies = await wire.deliveries();
    assert.deepEqual(
      copies.map(({ qos, properties }) => [qos, [properties?.subscriptionIdentifier].flat().sort()]),
      [[2, [268_435_455, 5]]],
    );
  });

  it('with No Local gets no message of its own client, others’ it does [MQTT-3.8.3-3]', async () => {
    const wire = await connected(petrel);
    const other = await connected(petrel);
    const topic = fresh('t/');
    await wire.subscribed(topic, 0x04);
    wire.write(raw.publish({ topic, payload: 'own' }));
    await wire.ping();
    other.write(raw.publish({ topic, payload: 'other' }));
    await other.ping();
    assert.deepEqual(
      (await wire.deliveries()).map(({ payload }) => payload.toString()),
      ['other'],
    );
  });

  it('with a wildcard first matches no topic that starts with $ [MQTT-4.7.2-1]', async () => {
    const wire = await connected(petrel);
    await wire.subscribed('#');
    await wire.subscribed('+/broker/uptime');
    await wire.subscribed('+/#');
    await wire.ping();
    assert.deepEqual(
      wire.inbox.filter((packet) => packet.cmd === 'publish' && packet.topic.startsWith('$')),
      [],
    );
  });

  it('matches by its wildcards [MQTT-4.7.0-1] [MQTT-4.7.1-1] [MQTT-4.7.1-2]', async () => {
    const name = fresh('m');
    const cases: readonly (readonly [
      filter: string,
      matches: readonly string[],
      others: readonly string[],
    ])[] = [
      [`${name}/#`, [name, `${name}/a`, `${name}/a/b`, `${name}/`], [`${name}x`]],
      [`${name}/+`, [`${name}/a`, `${name}/`], [name, `${name}/a/b`]],
      [`${name}/+/c`, [`${name}/b/c`, `${name}//c`], [`${name}/c`, `${name}/b/b/c`]],
      [`+/${name}`, [`a/${name}`, `/${name}`], [`a/b/${name}`, name]],
    ];
    for (const [filter, matches, others] of cases) {
      const wire = await connected(petrel);
      await wire.subscribed(filter);
      for (const topic of [...matches, ...others]) wire.write(raw.publish({ topic }));
      assert.deepEqual(
        (await wire.deliveries()).map(({ topic }) => topic),
        matches,
        filter,
      );
    }
  });

  for (const filter of [
    'constructor',
    'toString',
    '__proto__',
    'hasOwnProperty',
    '__proto__/constructor',
    '$share/__proto__/constructor',
  ])
    it(`to ${filter} is like any other`, async () => {
      const wire = await connected(petrel, { clientId: filter });
      const topic = filter.replace('$share/__proto__/', '');
      assert.equal(await wire.subscribed(filter, 1), 1);
      wire.write(raw.publish({ topic, qos: 1, id: 1, payload: 'x' }));
      assert.equal((await wire.delivered()).topic, topic);
      wire.write(raw.unsubscribe(2, [filter, 'valueOf']));
      assert.deepEqual((await wire.next('unsuback')).granted, [0, 0x11]);
      await wire.disconnect();
    });
});
