import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { until } from '../../support/until.ts';
import { connected, fresh, openServer, Wire } from '../conformance/wire.ts';

const petrel = openServer({
  PETREL_MQTT_CONNECT_TIMEOUT: '1',
  PETREL_MQTT_MAX_HALF_OPEN: '5',
  PETREL_MQTT_MAX_TOPIC_LEVELS: '8',
  PETREL_MQTT_MAX_SUBSCRIPTIONS: '20',
});
before(() => petrel.start());
after(() => petrel.remove());

const open = () => Wire.open(petrel.port('mqtt'));

describe('connections without a CONNECT', () => {
  it('end when the time for it is over, even if they send bytes of it now and then', async () => {
    const silent = await open();
    const slow = await open();
    const begunAt = Date.now();
    const bytes = raw.connect({ clientId: 'x'.repeat(200) });
    for (const byte of bytes.subarray(0, 20)) slow.write(Buffer.of(byte));
    await silent.ending();
    await slow.ending();
    assert.ok(Date.now() - begunAt >= 900);
    assert.equal(silent.received.length + slow.received.length, 0);
  });

  it('of one address are so many at most, however often it tries; more are closed, others are served', async () => {
    const ready = await connected(petrel);
    const all = await Promise.all(Array.from({ length: 40 }, open));
    const isOpen = () => all.filter((wire) => wire.isOpen).length;
    await until('all but five to be closed', () => isOpen() <= 5);
    await ready.isServed();
    await Promise.all(Array.from({ length: 10 }, async () => (await open()).ending()));
    await until('the end of all', () => isOpen() === 0);
    const again = await connected(petrel);
    await again.isServed();
  });
});

describe('a session', () => {
  it('has a bounded number of subscriptions; more are 0x97, known ones may still be renewed', async () => {
    const options = { clientId: fresh('many'), clean: false, properties: [raw.property.sessionExpiry(60)] };
    const wire = await connected(petrel, options);
    const filters = Array.from({ length: 30 }, (_, i) => [`f/${i}`, 1] as const);
    wire.write(raw.subscribe(1, filters));
    const { granted } = await wire.next('suback');
    assert.deepEqual(granted, [...Array(20).fill(1), ...Array(10).fill(0x97)]);
    assert.equal(await wire.subscribed('f/3', 2), 2);
    assert.equal(await wire.subscribed('other', 2), 0x97);
    wire.write(raw.unsubscribe(9, ['f/3']));
    await wire.next('unsuback');
    assert.equal(await wire.subscribed('other', 2), 2);
  });

  it('with one refused filter of several never gets that topic, after a reconnect neither', async () => {
    const options = { clientId: fresh('spy'), clean: false, properties: [raw.property.sessionExpiry(60)] };
    const first = await connected(petrel, options);
    first.write(
      raw.subscribe(1, [
        ['ok/1', 1],
        ['u/alice', 1],
        ['$SYS/#', 1],
        ['ok/#/x', 1],
        ['ok/2', 1],
      ]),
    );
    const { granted } = await first.next('suback');
    assert.deepEqual([granted[0], granted[3], granted[4]], [1, 0x8f, 1]);
    assert.ok(Number(granted[1]) >= 0x80 && Number(granted[2]) >= 0x80);
    await first.drop();
    const again = await connected(petrel, options);
    for (const topic of ['ok/1', 'u/alice', 'ok/2']) again.write(raw.publish({ topic }));
    assert.deepEqual(
      (await again.deliveries()).map(({ topic }) => topic),
      ['ok/1', 'ok/2'],
    );
  });

  it('has topics of a bounded depth: filters beyond are 0x8F, a PUBLISH is 0x90', async () => {
    const wire = await connected(petrel);
    const deep = Array(9).fill('a').join('/');
    assert.equal(await wire.subscribed(deep), 0x8f);
    assert.equal(await wire.subscribed(deep.slice(2)), 0);
    wire.write(raw.publish({ topic: deep }));
    await wire.endsWith(0x90);
  });
});

describe('connects of one address', () => {
  it('that come too fast are 0x9F', async () => {
    const strict = openServer({ PETREL_LIMITS_CONNECT_PER_SECOND: '1' });
    try {
      await strict.start();
      const reasons: number[] = [];
      for (let i = 0; i < 10; i++) {
        const wire = await Wire.open(strict.port('mqtt'));
        wire.write(raw.connect({ clientId: fresh('fast') }));
        reasons.push((await wire.next('connack')).reasonCode!);
      }
      assert.ok(reasons.includes(0));
      assert.equal(reasons.at(-1), 0x9f);
    } finally {
      await strict.remove();
    }
  });
});
