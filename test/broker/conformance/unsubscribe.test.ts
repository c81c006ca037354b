import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { property as p } from '../../support/raw.ts';
import { connected, type Fault, fresh, openServer } from './wire.ts';

const petrel = openServer();
before(() => petrel.start());
after(() => petrel.remove());

describe('UNSUBSCRIBE with a fault ends the connection [MQTT-4.13.1-1]:', () => {
  const faults: readonly Fault[] = [
    ['packet identifier 0 [MQTT-2.2.1-3]', raw.unsubscribe(0, ['a']), 0x81],
    ['no filter [MQTT-3.10.3-2]', raw.unsubscribe(1, []), 0x82],
    ['a filter that is no UTF-8 [MQTT-3.10.3-1]', raw.unsubscribe(1, [raw.hex('c0')]), 0x81],
    ['a filter that is cut off', raw.frame(0xa2, raw.hex('0001 00 0005 61')), 0x81],
    ['a foreign property', raw.unsubscribe(1, ['a'], p.subscriptionId(1)), 0x81],
    ['no property length [MQTT-2.2.2-1]', raw.frame(0xa2, raw.hex('0001')), 0x81],
  ];
  for (const [name, bytes, reason] of faults)
    it(`${name}: 0x${reason.toString(16)}`, async () => {
      const wire = await connected(petrel);
      wire.write(bytes);
      await wire.endsWith(reason);
    });
});

describe('UNSUBACK', () => {
  it('has the identifier and one reason for each filter, in order, whether or not there was one [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6] [MQTT-3.11.3-1] [MQTT-3.11.3-2] [MQTT-2.2.1-6]', async () => {
    const wire = await connected(petrel);
    const name = fresh('u');
    await wire.subscribed(`${name}/a`);
    await wire.subscribed(`${name}/+`);
    wire.write(
      raw.unsubscribe(0x8001, [`${name}/b`, `${name}/a`, `${name}/a`, 'a#', `${name}/+`], p.user('k', 'v')),
    );
    const { messageId, granted } = await wire.next('unsuback');
    assert.deepEqual([messageId, granted], [0x8001, [0x11, 0, 0x11, 0x8f, 0]]);
  });

  it('in MQTT 3.1.1 has the identifier alone', async () => {
    const wire = await connected(petrel, { version: 4 });
    const before = wire.received.length;
    wire.write(raw.frame(0xa2, raw.hex('0102'), raw.string('none')));
    await wire.next('unsuback');
    assert.deepEqual([...wire.received.subarray(before)], [0xb0, 2, 1, 2]);
  });
});

describe('after UNSUBSCRIBE', () => {
  it('no new message comes; filters are compared character by character [MQTT-3.10.4-1] [MQTT-3.10.4-2]', async () => {
    const wire = await connected(petrel);
    const name = fresh('u');
    await wire.subscribed(`${name}/+`, 1);
    // Filters that match the same topics are other filters.
    wire.write(raw.unsubscribe(1, [`${name}/#`, `${name}/a`, `${name.toUpperCase()}/+`, `${name}/+/`]));
    assert.deepEqual((await wire.next('unsuback')).granted, [0x11, 0x11, 0x11, 0x11]);
    wire.write(raw.publish({ topic: `${name}/a` }));
    assert.equal((await wire.deliveries()).length, 1);
    wire.write(raw.unsubscribe(2, [`${name}/+`]));
    await wire.next('unsuback');
    wire.write(raw.publish({ topic: `${name}/a`, qos: 1, id: 1 }));
    assert.equal((await wire.deliveries()).length, 0);
  });

  it('a delivery that has begun is completed [MQTT-3.10.4-3]', async () => {
    const options = { clientId: fresh('done'), clean: false, properties: [p.sessionExpiry(60)] };
    const wire = await connected(petrel, options);
    const topic = fresh('t/');
    await wire.subscribed(topic, 2);
    wire.write(raw.publish({ topic, qos: 2, id: 1 }));
    const { messageId } = await wire.delivered();
    wire.write(raw.unsubscribe(2, [topic]));
    await wire.next('unsuback');
    wire.write(raw.pubrec(messageId!));
    assert.equal((await wire.next('pubrel')).messageId, messageId);
    await wire.drop();
    const again = await connected(petrel, options);
    assert.equal((await again.next('pubrel')).messageId, messageId);
    again.write(raw.pubcomp(messageId!));
    await again.isServed();
  });
});
