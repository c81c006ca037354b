import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { property as p } from '../../support/raw.ts';
import { connected, fresh, openServer } from './wire.ts';

const petrel = openServer();
before(() => petrel.start());
after(() => petrel.remove());

const reading = async () => {
  const topic = fresh('will/');
  const reader = await connected(petrel);
  await reader.subscribed(topic, 2);
  return { topic, reader };
};

describe('a will', () => {
  it('is sent when the connection ends without DISCONNECT, once [MQTT-3.1.2-7] [MQTT-3.1.2-8] [MQTT-3.1.2-10]', async () => {
    const { topic, reader } = await reading();
    const wire = await connected(petrel, { will: { topic, payload: 'gone', qos: 1 } });
    await wire.drop();
    const { payload, qos } = await reader.delivered();
    assert.deepEqual([payload.toString(), qos], ['gone', 1]);
    assert.equal((await reader.deliveries()).length, 0);
  });

  it('is sent after a fault of the protocol, and after the keep alive [MQTT-3.1.2-8]', async () => {
    const { topic, reader } = await reading();
    const wire = await connected(petrel, { will: { topic, payload: 'fault' } });
    wire.write(raw.hex('0000'));
    assert.equal((await reader.delivered()).payload.toString(), 'fault');
    await connected(petrel, { will: { topic, payload: 'silent' }, keepAlive: 1 });
    assert.equal((await reader.delivered()).payload.toString(), 'silent');
  });

  it('is sent when the session is taken over', async () => {
    const { topic, reader } = await reading();
    const clientId = fresh('twice');
    await connected(petrel, { clientId, will: { topic, payload: 'over' } });
    await connected(petrel, { clientId });
    assert.equal((await reader.delivered()).payload.toString(), 'over');
  });

  it('is retained where its flag says so, and not otherwise [MQTT-3.1.2-14] [MQTT-3.1.2-15]', async () => {
    for (const retain of [false, true]) {
      const { topic, reader } = await reading();
      await (await connected(petrel, { will: { topic, payload: 'x', retain } })).drop();
      await reader.delivered();
      const later = await connected(petrel);
      await later.subscribed(topic);
      assert.equal((await later.deliveries()).length, retain ? 1 : 0);
    }
  });

  it('carries its properties, in their order [MQTT-3.1.3-10]', async () => {
    const { topic, reader } = await reading();
    const given = [
      p.payloadFormat(1),
      p.contentType('text/plain'),
      p.responseTopic('answers'),
      p.correlationData('c'),
      p.user('b', '1'),
      p.user('a', '2'),
      p.user('b', '3'),
    ];
    await (await connected(petrel, { will: { topic, qos: 2, properties: given } })).drop();
    await reader.delivered();
    for (const one of given) assert.ok(reader.received.includes(one));
    assert.ok(reader.received.includes(Buffer.concat(given.slice(4))));
    // The delay is no property of a PUBLISH.
    assert.ok(!reader.received.includes(p.willDelay(0)));
  });

  it('waits for its delay, and is not sent to who comes back before [MQTT-3.1.3-9]', async () => {
    const { topic, reader } = await reading();
    const clientId = fresh('back');
    const options = { clientId, clean: false, properties: [p.sessionExpiry(60)] };
    const will = { topic, payload: 'late', properties: [p.willDelay(1)] };
    await (await connected(petrel, { ...options, will })).drop();
    const back = await connected(petrel, options);
    const clock = await connected(petrel, { keepAlive: 1 });
    await clock.endsWith(0x8d);
    assert.equal((await reader.deliveries()).length, 0);
    await back.drop();
    await (await connected(petrel, { ...options, will })).drop();
    assert.equal((await reader.delivered()).payload.toString(), 'late');
  });

  it('does not wait longer than the session lives [MQTT-3.1.2-8]', async () => {
    const { topic, reader } = await reading();
    await (
      await connected(petrel, { will: { topic, payload: 'now', properties: [p.willDelay(1000)] } })
    ).drop();
    assert.equal((await reader.delivered()).payload.toString(), 'now');
  });
});
