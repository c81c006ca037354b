import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { property as p } from '../../support/raw.ts';
import { connected, fresh, openServer } from './wire.ts';

const petrel = openServer();
before(() => petrel.start());
after(() => petrel.remove());

describe('a shared subscription', () => {
  it('has each message once among its members, with each member’s own QoS; others get theirs besides [MQTT-4.8.2-3] [MQTT-4.8.2-1]', async () => {
    const topic = fresh('t/');
    const members = [await connected(petrel), await connected(petrel)];
    await members[0]!.subscribed(`$share/g/${topic}`, 0);
    await members[1]!.subscribed(`$share/g/${topic}`, 1);
    const outside = await connected(petrel);
    await outside.subscribed(topic, 1);
    const sender = await connected(petrel);
    for (let id = 1; id <= 20; id++) sender.write(raw.publish({ topic, qos: 1, id, payload: String(id) }));
    await sender.ping();
    const shares = await Promise.all(members.map((member) => member.deliveries()));
    const all = shares.flat().map(({ payload }) => Number(payload.toString()));
    assert.deepEqual(
      all.sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    for (const [i, share] of shares.entries()) {
      assert.ok(share.length > 0);
      assert.ok(share.every(({ qos }) => qos === i));
    }
    assert.equal((await outside.deliveries()).length, 20);
  });

  it('gets no retained messages', async () => {
    const topic = fresh('t/');
    const wire = await connected(petrel);
    wire.write(raw.publish({ topic, retain: true, payload: 'x' }));
    await wire.subscribed(`$share/g/${topic}`);
    assert.equal((await wire.deliveries()).length, 0);
  });

  it('does not give a QoS 2 message to another once its delivery has begun, but completes it [MQTT-4.8.2-4] [MQTT-4.8.2-5]', async () => {
    const topic = fresh('t/');
    const options = { clientId: fresh('m'), clean: false, properties: [p.sessionExpiry(60)] };
    const first = await connected(petrel, options);
    await first.subscribed(`$share/g/${topic}`, 2);
    const sender = await connected(petrel);
    sender.write(raw.publish({ topic, qos: 2, id: 1, payload: 'x' }));
    const { messageId } = await first.delivered();
    const second = await connected(petrel);
    await second.subscribed(`$share/g/${topic}`, 2);
    await first.drop();
    assert.equal((await second.deliveries()).length, 0);
    const again = await connected(petrel, options);
    assert.equal((await again.delivered()).messageId, messageId);
    await again.drop();
    // The session ends for good: still to nobody else.
    await (await connected(petrel, { ...options, clean: true })).drop();
    assert.equal((await second.deliveries()).length, 0);
  });

  it('gives a message a member refuses to nobody else [MQTT-4.8.2-6]', async () => {
    const topic = fresh('t/');
    const members = [await connected(petrel), await connected(petrel)];
    for (const member of members) await member.subscribed(`$share/g/${topic}`, 2);
    const sender = await connected(petrel);
    sender.write(raw.publish({ topic, qos: 1, id: 1 }));
    sender.write(raw.publish({ topic, qos: 2, id: 2 }));
    await sender.ping();
    let count = 0;
    for (const member of members)
      for (const { qos, messageId } of await member.deliveries()) {
        count++;
        member.write(qos === 1 ? raw.puback(messageId!, 0x83) : raw.pubrec(messageId!, 0x83));
      }
    assert.equal(count, 2);
    for (const member of members) assert.equal((await member.deliveries()).length, 0);
  });
});
