import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { property as p } from '../../support/raw.ts';
import { until } from '../../support/until.ts';
import { connected, fresh, greeted, openServer } from './wire.ts';

const petrel = openServer();
before(() => petrel.start());
after(() => petrel.remove());

const lasting = (clientId: string, seconds = 100) => ({
  clientId,
  clean: false,
  properties: [p.sessionExpiry(seconds)],
});

describe('a session', () => {
  it('is made where there is none, resumed where there is one, and told [MQTT-3.1.2-5] [MQTT-3.1.2-6] [MQTT-3.2.2-3] [MQTT-3.1.2-23] [MQTT-3.1.4-4]', async () => {
    const options = lasting(fresh('s'));
    const first = await connected(petrel, options);
    assert.equal(first.connack.sessionPresent, false);
    const topic = fresh('t/');
    await first.subscribed(topic, 1);
    await first.drop();
    const second = await connected(petrel, options);
    assert.equal(second.connack.sessionPresent, true);
    second.write(raw.publish({ topic }));
    assert.equal((await second.deliveries()).length, 1);
  });

  it('is thrown away by Clean Start [MQTT-3.1.2-4] [MQTT-3.2.2-2]', async () => {
    const options = lasting(fresh('s'));
    const first = await connected(petrel, options);
    const topic = fresh('t/');
    await first.subscribed(topic, 1);
    await first.drop();
    const clean = await connected(petrel, { ...options, clean: true });
    assert.equal(clean.connack.sessionPresent, false);
    clean.write(raw.publish({ topic }));
    assert.equal((await clean.deliveries()).length, 0);
  });

  it('without an expiry ends with its connection, with one that has passed too [MQTT-4.1.0-2]', async () => {
    for (const options of [{ clientId: fresh('s'), clean: false, properties: [] }, lasting(fresh('s'), 1)]) {
      const first = await connected(petrel, options);
      await first.drop();
      const endsAt = Date.now() + (options.properties.length === 0 ? 0 : 1100);
      await until('the end of the session', () => Date.now() >= endsAt);
      const second = await connected(petrel, options);
      assert.equal(second.connack.sessionPresent, false);
    }
  });

  it('is not found by who was refused [MQTT-3.2.2-6]', async () => {
    const options = lasting(fresh('s'));
    await (await connected(petrel, options)).drop();
    const { wire, reason } = await greeted(petrel, { ...options, properties: [p.authMethod('x')] });
    assert.equal(reason, 0x8c);
    assert.equal(wire.connack.sessionPresent, false);
  });

  it('keeps subscriptions with their options and what they brought meanwhile, in order [MQTT-4.5.0-1] [MQTT-4.1.0-1]', async () => {
    const options = lasting(fresh('s'));
    const first = await connected(petrel, options);
    const topic = fresh('t/');
    await first.subscribed(topic, 2, p.subscriptionId(77));
    await first.drop();
    const sender = await connected(petrel);
    for (let i = 1; i <= 20; i++) {
      sender.write(
        raw.publish({
          topic,
          qos: 1 + (i % 2),
          id: i,
          payload: String(i),
          properties: [p.user('n', String(i))],
        }),
      );
    }
    await sender.ping();
    const second = await connected(petrel, options);
    const packets = await second.deliveries();
    assert.deepEqual(
      packets.map(({ payload }) => Number(payload.toString())),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    assert.ok(packets.every(({ properties }) => properties?.subscriptionIdentifier === 77));
    assert.ok(packets.every(({ dup }) => !dup));
  });

  it('sends what was not acknowledged again: same identifier, DUP, in the first order; PUBREL where PUBREC came [MQTT-4.4.0-1] [MQTT-3.3.1-1] [MQTT-4.6.0-1] [MQTT-4.3.3-6]', async () => {
    const options = lasting(fresh('s'));
    const first = await connected(petrel, options);
    const topic = fresh('t/');
    await first.subscribed(topic, 2);
    const sender = await connected(petrel);
    for (let i = 1; i <= 5; i++) sender.write(raw.publish({ topic, qos: 2, id: i, payload: String(i) }));
    sender.write(raw.publish({ topic, qos: 1, id: 6, payload: '6' }));
    await sender.ping();
    const sent = await first.deliveries();
    first.write(raw.pubrec(sent[1]!.messageId!));
    await first.next('pubrel');
    first.write(raw.puback(sent[5]!.messageId!));
    await first.ping();
    await first.drop();
    const second = await connected(petrel, options);
    await second.ping();
    const again = second.inbox.flatMap((packet): unknown[][] => {
      if (packet.cmd === 'publish') return [[packet.messageId, packet.dup]];
      return packet.cmd === 'pubrel' ? [[packet.messageId, 'pubrel']] : [];
    });
    const expected = sent.slice(0, 5).map(({ messageId }, i) => [messageId, i === 1 ? 'pubrel' : true]);
    assert.deepEqual(again, expected);
  });

  it('goes on where a QoS 2 exchange was cut: nothing is taken twice [MQTT-4.3.3-10] [MQTT-4.1.0-1]', async () => {
    const options = lasting(fresh('s'));
    const reader = await connected(petrel);
    const topic = fresh('t/');
    await reader.subscribed(topic);
    const first = await connected(petrel, options);
    first.write(raw.publish({ topic, qos: 2, id: 42 }));
    await first.next('pubrec');
    await first.drop();
    const second = await connected(petrel, options);
    second.write(raw.publish({ topic, qos: 2, id: 42, dup: true }));
    await second.next('pubrec');
    second.write(raw.pubrel(42));
    assert.equal((await second.next('pubcomp')).reasonCode ?? 0, 0);
    assert.equal((await reader.deliveries()).length, 1);
  });

  it('of another version is the same session', async () => {
    const clientId = fresh('s');
    const topic = fresh('t/');
    const first = await connected(petrel, lasting(clientId));
    await first.subscribed(topic, 1);
    await first.drop();
    const old = await connected(petrel, { clientId, clean: false, version: 4 });
    assert.equal(old.connack.sessionPresent, true);
    old.write(raw.publish({ version: 4, topic }));
    assert.equal((await old.deliveries()).length, 1);
  });
});
