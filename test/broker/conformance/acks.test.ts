import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { property as p } from '../../support/raw.ts';
import { until } from '../../support/until.ts';
import { connected, type Fault, fresh, openServer } from './wire.ts';

const petrel = openServer();
before(() => petrel.start());
after(() => petrel.remove());

describe('PUBACK, PUBREC, PUBREL and PUBCOMP', () => {
  const faults: readonly Fault[] = [
    ['PUBACK with identifier 0', raw.puback(0), 0x81],
    ['PUBREC with identifier 0', raw.pubrec(0), 0x81],
    ['PUBREL with identifier 0', raw.pubrel(0), 0x81],
    ['PUBCOMP with identifier 0', raw.pubcomp(0), 0x81],
    ['PUBACK with a reason it may not have [MQTT-3.4.2-1]', raw.puback(1, 0x92), 0x82],
    ['PUBREC with a reason it may not have [MQTT-3.5.2-1]', raw.pubrec(1, 0x01), 0x82],
    ['PUBREL with a reason it may not have [MQTT-3.6.2-1]', raw.pubrel(1, 0x80), 0x82],
    ['PUBCOMP with a reason it may not have [MQTT-3.7.2-1]', raw.pubcomp(1, 0x10), 0x82],
    [
      'PUBACK with a reason string twice',
      raw.ack(0x40, 1, 0, p.reasonString('a'), p.reasonString('a')),
      0x82,
    ],
    ['PUBACK with a property of PUBLISH', raw.ack(0x40, 1, 0, p.contentType('a')), 0x81],
    ['PUBREC with bytes behind its properties', raw.frame(0x50, raw.hex('0001 00 00 00')), 0x81],
  ];
  for (const [name, bytes, reason] of faults)
    it(`${name} end the connection with 0x${reason.toString(16)}`, async () => {
      const wire = await connected(petrel);
      wire.write(bytes);
      await wire.endsWith(reason);
    });

  it('of identifiers that are not in flight change nothing; PUBREL and PUBREC get 0x92', async () => {
    const wire = await connected(petrel);
    for (const id of [1, 0x7fff, 0x8000, 0xffff]) {
      wire.write(raw.puback(id));
      wire.write(raw.pubcomp(id));
      wire.write(raw.pubrel(id));
      const comp = await wire.next('pubcomp');
      assert.deepEqual([comp.messageId, comp.reasonCode], [id, 0x92]);
      wire.write(raw.pubrec(id));
      const rel = await wire.next('pubrel');
      assert.deepEqual([rel.messageId, rel.reasonCode], [id, 0x92]);
    }
    await wire.isServed();
  });

  it('may carry reason, reason string and user properties', async () => {
    const wire = await connected(petrel);
    const topic = fresh('t/');
    await wire.subscribed(topic, 1);
    wire.write(raw.publish({ topic, qos: 1, id: 1 }));
    const { messageId } = await wire.delivered();
    wire.write(raw.ack(0x40, messageId!, 0x10, p.reasonString('thanks'), p.user('a', '1'), p.user('a', '1')));
    await wire.isServed();
  });
});

describe('a delivery', () => {
  it('of QoS 1 and 2 has an identifier that is not in use [MQTT-2.2.1-4] [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT-4.3.2-3]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('t/');
    await wire.subscribed(topic, 2);
    const sender = await connected(petrel);
    for (let i = 1; i <= 100; i++) sender.write(raw.publish({ topic, qos: 1 + (i % 2), id: i }));
    await sender.ping();
    const ids = (await wire.deliveries()).map(({ messageId }) => messageId);
    assert.equal(new Set(ids).size, 100);
    assert.ok(!ids.includes(0));
  });

  it('of QoS 2 goes PUBREC, PUBREL, PUBCOMP [MQTT-4.3.3-4] [MQTT-4.3.3-3] [MQTT-4.3.3-5]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('t/');
    await wire.subscribed(topic, 2);
    wire.write(raw.publish({ topic, qos: 2, id: 1 }));
    const { messageId } = await wire.delivered();
    wire.write(raw.pubrec(messageId!));
    assert.equal((await wire.next('pubrel')).messageId, messageId);
    // Again, before PUBCOMP: again PUBREL, and never the PUBLISH. [MQTT-4.3.3-6]
    wire.write(raw.pubrec(messageId!));
    const again = await wire.next('pubrel');
    assert.deepEqual([again.messageId, again.reasonCode ?? 0], [messageId, 0]);
    wire.write(raw.pubcomp(messageId!));
    assert.equal((await wire.deliveries()).length, 0);
    wire.write(raw.pubrec(messageId!));
    assert.equal((await wire.next('pubrel')).reasonCode, 0x92);
  });

  it('that the client refuses is done: it is not sent again [MQTT-4.4.0-2]', async () => {
    const clientId = fresh('refusing');
    const options = { clientId, clean: false, properties: [p.sessionExpiry(60)] };
    const wire = await connected(petrel, options);
    const topic = fresh('t/');
    await wire.subscribed(topic, 2);
    wire.write(raw.publish({ topic, qos: 1, id: 1 }));
    wire.write(raw.puback((await wire.delivered()).messageId!, 0x97));
    wire.write(raw.publish({ topic, qos: 2, id: 2 }));
    wire.write(raw.pubrec((await wire.delivered()).messageId!, 0x80));
    await wire.ping();
    wire.inbox.splice(0);
    await wire.drop();
    const again = await connected(petrel, options);
    assert.equal(again.connack.sessionPresent, true);
    assert.equal((await again.deliveries()).length, 0);
  });
});

describe('the server’s acknowledgements', () => {
  it('carry no reason string and no user property where the client wants none [MQTT-3.1.2-29]', async () => {
    const silent = await connected(petrel, { properties: [p.requestProblem(0)] });
    silent.write(raw.publish({ topic: 'u/x', qos: 1, id: 1 }));
    const { reasonCode, properties } = await silent.next('puback');
    assert.equal(reasonCode, 0x87);
    assert.deepEqual(properties ?? {}, {});
  });

  it('say nothing more than the client’s maximum packet size allows [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3]', async () => {
    const small = await connected(petrel, { properties: [p.maximumPacketSize(30)] });
    for (const qos of [1, 2]) {
      const before = small.received.length;
      small.write(raw.publish({ topic: 'send/u/nobody', qos, id: qos, payload: 'x' }));
      await small.next(qos === 1 ? 'puback' : 'pubrec');
      assert.ok(small.received.length - before <= 30);
    }
  });

  it('leave in the order of the messages [MQTT-4.6.0-2] [MQTT-4.6.0-3] [MQTT-4.6.0-4]', async () => {
    const wire = await connected(petrel);
    const topic = fresh('t/');
    const packets: Buffer[] = [];
    for (let id = 1; id <= 60; id++) {
      packets.push(
        raw.publish({
          topic: id % 3 === 0 ? 'u/x' : topic,
          qos: 1 + (id % 2),
          id,
          retain: id % 5 === 0,
          payload: 'x',
        }),
      );
    }
    wire.write(Buffer.concat(packets));
    const ids = () =>
      wire.inbox.flatMap((packet) =>
        packet.cmd === 'puback' || packet.cmd === 'pubrec' ? [packet.messageId] : [],
      );
    await until('all answers', () => ids().length === 60);
    assert.deepEqual(
      ids(),
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
  });
});
