import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ChatClient, type ConnectOptions } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';

const petrel = new Petrel({
  PETREL_AUTH_ANONYMOUS: 'true',
  PETREL_TOPICS_CUSTOM: JSON.stringify([
    { match: 'closed/#', allow: ['subscribe'] },
    { match: 'out/#', allow: ['publish'] },
    { match: '#', allow: ['publish', 'subscribe'] },
  ]),
});
before(() => petrel.start());
after(() => petrel.remove());

const connect = (options: ConnectOptions = {}) => ChatClient.connect(petrel.port('mqtt'), options);

describe('a client without a token', () => {
  it('uses custom topics in every version', async () => {
    for (const version of [3, 4, 5] as const) {
      const client = await connect({ version, clientId: `v${version}` });
      assert.deepEqual(await client.subscribe(['open/#']), [1]);
      assert.equal((await client.publish('open/a', 'hi')).reason, 0);
      assert.equal((await client.delivery()).topic, 'open/a');
      await client.disconnect();
    }
  });

  it('is refused every topic of the chat with 0x87', async () => {
    const client = await connect();
    const filters = ['u/anonymous', 'n/anonymous', 'u/bob', 'g/x', 'res/#', 'presence/bob', '$SYS/#'];
    assert.deepEqual(await client.subscribe([...filters, 'open/x']), [...filters.map(() => 0x87), 1]);
    for (const topic of ['send/u/bob', 'read/u/bob', 'typing/u/bob', 'req/me.get', 'u/anonymous', '$x'])
      assert.equal((await client.publish(topic, '{}')).reason, 0x87, topic);
  });

  it('is not told why a custom topic is refused: SUBACK 0x80, and the bare code for a message', async () => {
    const client = await connect();
    assert.deepEqual(await client.subscribe(['out/x', 'open/x', '$share/s/out/x']), [0x80, 1, 0x80]);
    for (const qos of [1, 2] as const)
      for (const topic of ['closed/x', '$x']) {
        const { reason, reasonString } = await client.publish(topic, 'x', qos);
        assert.deepEqual([reason, reasonString], [0x87, undefined], topic);
      }
    const alice = await (await petrel.user('alice')).connect();
    assert.deepEqual(await alice.subscribe(['out/x', 'open/x']), [0x87, 1]);
  });

  it('gets no notices, where refusals have no code either', async () => {
    const client = await connect({ version: 4 });
    await client.subscribe(['#', '+/+']);
    for (const topic of ['$x', 'send/u/bob', 'closed/x', 'open/x']) await client.publish(topic, 'x');
    assert.deepEqual(await client.undelivered(), ['open/x']);
  });
});
