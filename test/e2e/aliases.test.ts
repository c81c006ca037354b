import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Petrel } from '../support/petrel.ts';

const petrel = new Petrel({
  PETREL_TOPICS_CUSTOM: JSON.stringify([{ match: '#', allow: ['publish', 'subscribe'] }]),
});
before(() => petrel.start());
after(() => petrel.remove());

describe('topic aliases', () => {
  it('of a client go no further than the server [MQTT-3.3.2-7]', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [from, to] = [await alice.connect(), await bob.connect()];
    await to.subscribe(['weather/#']);
    assert.equal((await from.publish('weather/oslo', '1', 1, { properties: { topicAlias: 16 } })).reason, 0);
    assert.equal((await from.publish('', '2', 1, { properties: { topicAlias: 16 } })).reason, 0);
    for (let i = 0; i < 2; i++) {
      const { topic, properties } = await to.delivery();
      assert.deepEqual([topic, properties?.topicAlias], ['weather/oslo', undefined]);
    }
  });

  it('of the server come to clients that take them, on custom topics, and on no others', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const from = await alice.connect();
    const to = await bob.connect({ properties: { topicAliasMaximum: 1 } });
    await to.subscribe(['weather/#', 'news/#']);
    const delivered = [];
    for (const topic of [`send/u/${bob.uid}`, 'weather/oslo', 'news/oslo', 'weather/oslo', 'news/oslo']) {
      await from.publish(topic, 'hi');
      const packet = await to.delivery();
      delivered.push([packet.topic, packet.properties?.topicAlias]);
    }
    assert.deepEqual(delivered, [
      [`u/${bob.uid}`, undefined],
      ['weather/oslo', 1],
      ['news/oslo', undefined],
      ['', 1],
      ['news/oslo', undefined],
    ]);
  });
});
