import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { property as p } from '../../support/raw.ts';
import { connected, fresh, openServer } from './wire.ts';

const petrel = openServer({ PETREL_MQTT_RECEIVE_MAXIMUM: '10' });
before(() => petrel.start());
after(() => petrel.remove());

describe('the receive maximum of the server', () => {
  it('lets so many QoS 2 messages wait for their PUBREL, one more is 0x93 [MQTT-3.3.4-7]', async () => {
    const wire = await connected(petrel);
    assert.equal(wire.connack.properties?.receiveMaximum, 10);
    for (let id = 1; id <= 10; id++) wire.write(raw.publish({ topic: 'x', qos: 2, id }));
    for (let id = 1; id <= 10; id++) await wire.next('pubrec');
    wire.write(raw.publish({ topic: 'x', qos: 2, id: 10, dup: true }));
    await wire.next('pubrec');
    wire.write(raw.publish({ topic: 'x', qos: 2, id: 11 }));
    await wire.endsWith(0x93);
  });

  it('is free again with each PUBCOMP, and with each refusal [MQTT-4.3.3-9]', async () => {
    const wire = await connected(petrel);
    for (let id = 1; id <= 50; id++) {
      wire.write(raw.publish({ topic: id % 2 === 0 ? 'u/x' : 'x', qos: 2, id }));
      await wire.next('pubrec');
      if (id % 2 === 1) wire.write(raw.pubrel(id));
    }
    await wire.isServed();
  });

  it('holds in MQTT 3.1.1 too: a client that never sends PUBREL is ended, and not remembered without end', async () => {
    const wire = await connected(petrel, { version: 4 });
    wire.ignores = 'pubrec';
    for (let id = 1; id <= 65_535; id += 500) {
      const packets: Buffer[] = [];
      for (let i = id; i < id + 500 && i <= 65_535; i++) {
        packets.push(raw.publish({ version: 4, topic: 'x', qos: 2, id: i }));
      }
      wire.write(Buffer.concat(packets));
    }
    await wire.ending();
  });
});

describe('the receive maximum of the client', () => {
  it('bounds what is in flight to it; all else is answered meanwhile [MQTT-3.3.4-9] [MQTT-4.9.0-1] [MQTT-4.9.0-2] [MQTT-4.9.0-3] [MQTT-3.3.4-10] [MQTT-3.3.4-8]', async () => {
    const wire = await connected(petrel, { properties: [p.receiveMaximum(3)] });
    const topic = fresh('t/');
    await wire.subscribed(topic, 2);
    const sender = await connected(petrel);
    for (let i = 1; i <= 10; i++) {
      sender.write(raw.publish({ topic, qos: 1 + (i % 2), id: i, payload: String(i) }));
      await sender.next(i % 2 === 0 ? 'puback' : 'pubrec');
      if (i % 2 === 1) sender.write(raw.pubrel(i));
    }
    const seen: string[] = [];
    const take = async () => {
      const packets = await wire.deliveries();
      seen.push(...packets.map(({ payload }) => payload.toString()));
      return packets;
    };
    let inFlight = await take();
    assert.equal(inFlight.length, 3);
    // QoS 0 is not counted.
    sender.write(raw.publish({ topic, payload: 'q0' }));
    await sender.ping();
    assert.deepEqual(
      (await wire.deliveries()).map(({ payload }) => payload.toString()),
      ['q0'],
    );
    assert.equal(await wire.subscribed(fresh('t/')), 0);
    while (inFlight.length > 0) {
      for (const { qos, messageId } of inFlight) {
        if (qos === 1) wire.write(raw.puback(messageId!));
        else {
          wire.write(raw.pubrec(messageId!));
          await wire.next('pubrel');
          wire.write(raw.pubcomp(messageId!));
        }
      }
      await wire.ping();
      inFlight = await take();
      assert.ok(inFlight.length <= 3);
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 10 }, (_, i) => String(i + 1)),
    );
  });
});

describe('message expiry', () => {
  it('counts down while a message waits, and takes it away at its end [MQTT-3.3.2-5] [MQTT-3.3.2-6]', async () => {
    const options = { clientId: fresh('s'), clean: false, properties: [p.sessionExpiry(60)] };
    const wire = await connected(petrel, options);
    const topic = fresh('t/');
    await wire.subscribed(topic, 1);
    await wire.drop();
    const sender = await connected(petrel, { keepAlive: 1 });
    sender.write(raw.publish({ topic, qos: 1, id: 1, payload: 'short', properties: [p.messageExpiry(1)] }));
    sender.write(raw.publish({ topic, qos: 1, id: 2, payload: 'long', properties: [p.messageExpiry(100)] }));
    sender.write(raw.publish({ topic, qos: 1, id: 3, payload: 'always' }));
    // More than a second later: the server ends the silent sender by its keep alive.
    await sender.endsWith(0x8d);
    const again = await connected(petrel, options);
    const packets = await again.deliveries();
    assert.deepEqual(
      packets.map(({ payload }) => payload.toString()),
      ['long', 'always'],
    );
    const left = packets[0]!.properties!.messageExpiryInterval!;
    assert.ok(left < 100 && left > 80, `${left} s`);
    assert.equal(packets[1]!.properties?.messageExpiryInterval, undefined);
  });

  it('does not stop an exchange that has begun [MQTT-4.3.3-7] [MQTT-4.3.3-13]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('t/');
    await wire.subscribed(topic, 2);
    wire.write(raw.publish({ topic, qos: 2, id: 1, properties: [p.messageExpiry(1)] }));
    const { messageId } = await wire.delivered();
    const clock = await connected(petrel, { keepAlive: 1 });
    await clock.endsWith(0x8d);
    wire.write(raw.pubrec(messageId!));
    assert.equal((await wire.next('pubrel')).reasonCode ?? 0, 0);
    wire.write(raw.pubcomp(messageId!));
    await wire.isServed();
  });
});
