import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { property as p } from '../../support/raw.ts';
import { connected, type Fault, fresh, openServer } from './wire.ts';

const petrel = openServer();
before(() => petrel.start());
after(() => petrel.remove());

describe('DISCONNECT', () => {
  const faults: readonly Fault[] = [
    ['a reason only the server may give [MQTT-3.14.2-1]', raw.disconnect(0x8e), 0x82],
    ['a reason that does not exist [MQTT-3.14.2-1]', raw.disconnect(0x03), 0x82],
    ['a session expiry given twice', raw.disconnect(0, p.sessionExpiry(1), p.sessionExpiry(1)), 0x82],
    ['a session expiry after none in CONNECT', raw.disconnect(0, p.sessionExpiry(1)), 0x82],
    ['a reason string given twice', raw.disconnect(0, p.reasonString('a'), p.reasonString('a')), 0x82],
    ['a foreign property', raw.disconnect(0, p.receiveMaximum(1)), 0x81],
    ['a server reference', raw.disconnect(0, p.serverReference('x')), 0x82],
    ['bytes behind its properties', raw.frame(0xe0, raw.hex('00 00 00')), 0x81],
  ];
  for (const [name, bytes, reason] of faults)
    it(`with ${name} is answered with 0x${reason.toString(16)}`, async () => {
      const wire = await connected(petrel);
      wire.write(bytes);
      const last = await wire.ending();
      assert.ok(last);
      // A server reference is a property of servers: 0x81 says so as well.
      const taken = name === 'a server reference' ? [0x81, 0x82] : [reason];
      assert.ok(taken.includes(last.reasonCode!), `0x${last.reasonCode?.toString(16)}`);
      // No server sends a session expiry. [MQTT-3.14.2-2]
      assert.equal(last.properties?.sessionExpiryInterval, undefined);
    });

  for (const reason of [
    undefined,
    0x00,
    0x04,
    0x80,
    0x81,
    0x82,
    0x83,
    0x90,
    0x93,
    0x94,
    0x95,
    0x96,
    0x97,
    0x98,
    0x99,
  ])
    it(`with ${reason === undefined ? 'no reason' : `0x${reason.toString(16)}`} closes without an answer`, async () => {
      const wire = await connected(petrel);
      const before = wire.received.length;
      wire.write(reason === undefined ? raw.disconnect() : raw.disconnect(reason, p.reasonString('bye')));
      await wire.closed;
      assert.equal(wire.received.length, before);
    });

  it('with 0x00 takes the will away, with 0x04 sends it [MQTT-3.14.4-3] [MQTT-3.1.2-10]', async () => {
    const reader = await connected(petrel);
    const topic = fresh('will/');
    await reader.subscribed(topic);
    for (const reason of [undefined, 0x00, 0x04]) {
      const wire = await connected(petrel, { will: { topic, payload: String(reason) } });
      wire.write(raw.disconnect(reason));
      await wire.closed;
    }
    assert.equal((await reader.delivered()).payload.toString(), '4');
    assert.equal((await reader.deliveries()).length, 0);
  });

  it('is the last that is looked at', async () => {
    const reader = await connected(petrel);
    const topic = fresh('t/');
    await reader.subscribed(topic);
    const wire = await connected(petrel);
    wire.write(Buffer.concat([raw.disconnect(), raw.publish({ topic })]));
    await wire.closed;
    assert.equal((await reader.deliveries()).length, 0);
  });

  it('can change how long the session lives', async () => {
    const clientId = fresh('s');
    const options = { clientId, clean: false, properties: [p.sessionExpiry(100)] };
    const wire = await connected(petrel, options);
    wire.write(raw.disconnect(0, p.sessionExpiry(0)));
    await wire.closed;
    const again = await connected(petrel, options);
    assert.equal(again.connack.sessionPresent, false);
  });

  it('of the server says no more than the client takes [MQTT-3.14.2-3] [MQTT-3.14.2-4]', async () => {
    const wire = await connected(petrel, { properties: [p.maximumPacketSize(24)] });
    const before = wire.received.length;
    wire.write(raw.publish({ qos: 3 }));
    await wire.endsWith(0x81);
    assert.ok(wire.received.length - before <= 24);
  });
});
