import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { property as p } from '../../support/raw.ts';
import { connected, fresh, openServer, type Wire } from './wire.ts';

const petrel = openServer();
before(() => petrel.start());
after(() => petrel.remove());

const retain = async (wire: Wire, topic: string, payload: string, more: raw.RawPublish = {}) => {
  wire.write(raw.publish({ topic, payload, retain: true, ...more }));
  await wire.ping();
};
const payloads = async (wire: Wire) => (await wire.deliveries()).map(({ payload }) => payload.toString());

describe('a retained message', () => {
  it('is kept and replaced by the next one [MQTT-3.3.1-5]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('r/');
    for (const payload of ['1', '2', '3']) await retain(wire, topic, payload);
    await wire.subscribed(topic);
    const [packet, ...more] = await wire.deliveries();
    assert.deepEqual([packet?.payload.toString(), packet?.retain, more.length], ['3', true, 0]);
  });

  it('goes with an empty one, which is not kept itself and reaches who is there [MQTT-3.3.1-6] [MQTT-3.3.1-7]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('r/');
    await retain(wire, topic, 'x');
    const reader = await connected(petrel);
    await reader.subscribed(topic);
    await reader.deliveries();
    await retain(wire, topic, '');
    assert.deepEqual(await payloads(reader), ['']);
    const later = await connected(petrel);
    await later.subscribed(topic);
    assert.deepEqual(await payloads(later), []);
  });

  it('stays when others come without RETAIN [MQTT-3.3.1-8]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('r/');
    await retain(wire, topic, 'kept');
    for (const payload of ['passing', '']) wire.write(raw.publish({ topic, payload }));
    await wire.subscribed(topic);
    assert.deepEqual(await payloads(wire), ['kept']);
  });

  it('is sent by the retain handling of the subscription [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('r/');
    await retain(wire, topic, 'x');
    const handling = { always: 0x00, ifNew: 0x10, never: 0x20 };
    await wire.subscribed(topic, handling.never);
    assert.deepEqual(await payloads(wire), []);
    await wire.subscribed(topic, handling.ifNew);
    assert.deepEqual(await payloads(wire), []);
    for (let i = 0; i < 2; i++) {
      await wire.subscribed(topic, handling.always);
      assert.deepEqual(await payloads(wire), ['x']);
    }
    wire.write(raw.unsubscribe(9, [topic]));
    await wire.subscribed(topic, handling.ifNew);
    assert.deepEqual(await payloads(wire), ['x']);
  });

  it('keeps RETAIN in live delivery only where the subscription says so [MQTT-3.3.1-12] [MQTT-3.3.1-13]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('r/');
    const [plain, asPublished] = [await connected(petrel), await connected(petrel)];
    await plain.subscribed(topic);
    await asPublished.subscribed(topic, 0x08);
    await retain(wire, topic, 'x');
    wire.write(raw.publish({ topic }));
    await wire.ping();
    const flags = async (one: Wire) => (await one.deliveries()).map(({ retain: flag }) => flag);
    assert.deepEqual(await flags(plain), [false, false]);
    assert.deepEqual(await flags(asPublished), [true, false]);
  });

  it('has the lower of both QoS, its properties and the identifier of the subscription', async () => {
    const wire = await connected(petrel);
    const topic = fresh('r/');
    await retain(wire, topic, 'x', { qos: 1, id: 1, properties: [p.contentType('a/b'), p.user('k', 'v')] });
    await wire.subscribed(topic, 2, p.subscriptionId(12));
    const { qos, properties } = await wire.delivered();
    assert.deepEqual(
      [qos, properties?.contentType, { ...properties?.userProperties }, properties?.subscriptionIdentifier],
      [1, 'a/b', { k: 'v' }, 12],
    );
  });
});
