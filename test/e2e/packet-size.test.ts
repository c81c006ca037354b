import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertRefused } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';

const petrel = new Petrel({ PETREL_MQTT_MAX_PACKET_SIZE: '1000' });
before(() => petrel.start());
after(() => petrel.remove());

describe("a client's maximum packet size", () => {
  const options = { clientId: 'small', properties: { maximumPacketSize: 40 } };

  it('leaves properties out of acknowledgements that they would make too large [MQTT-3.4.2-2] [MQTT-3.4.2-3]', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const small = await alice.connect(options);
    for (const qos of [1, 2] as const) {
      const stored = await small.publish(`send/u/${bob.uid}`, 'hi', qos);
      assert.deepEqual([stored.reason, stored.properties], [0, {}]);
      const refused = await small.publish(`u/${bob.uid}`, 'hi', qos);
      assert.deepEqual([refused.reason, refused.reasonString], [0x87, undefined]);
    }
    const large = await alice.connect({ properties: { maximumPacketSize: 500 } });
    assert.equal((await large.publish(`send/u/${bob.uid}`, 'hi')).properties.seq, '3');
    assertRefused(await large.publish(`u/${bob.uid}`, 'hi'), 0x87, 'topic.forbidden');
  });

  it('leaves the reason string out of DISCONNECT [MQTT-3.14.2-3]', async () => {
    const alice = await petrel.user('alice');
    const small = await alice.connect(options);
    small.post(`send/u/${alice.uid}`, 'x'.repeat(1000));
    const ending = await small.ending();
    assert.deepEqual([ending?.reasonCode, ending?.properties?.reasonString], [0x95, undefined]);
  });

  it('leaves out notices that are larger, and nothing else [MQTT-3.1.2-25]', async () => {
    const alice = await petrel.user('alice');
    const small = await alice.connect(options);
    small.post('send/u/nobody', 'x', 0);
    assert.deepEqual(await small.undelivered(), []);
    const large = await alice.connect();
    large.post('send/u/nobody', 'x', 0);
    assert.equal((await large.notice('error')).code, 'user.not-found');
  });
});
