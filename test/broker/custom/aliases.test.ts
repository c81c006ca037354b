import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Bench, type ClientOptions, connect, type TestClient } from './fixture.ts';

describe('topic aliases of deliveries', () => {
  let bench: Bench;
  let sender: TestClient;
  beforeEach(async () => {
    bench = await Bench.open();
    sender = connect('sender/s');
  });
  afterEach(async () => {
    await bench.topics.close();
    assert.deepEqual(bench.errors, []);
  });

  const subscriber = async (options: ClientOptions, qos: 0 | 1 | 2 = 2): Promise<TestClient> => {
    const client = connect('bob/b', options);
    await bench.subscribe(client, '#', { qos });
    return client;
  };

  /** Topic and alias of each delivery since the last call. */
  const aliases = (client: TestClient): [topic: string, alias: number | undefined][] =>
    client.link.publishes().map(({ topic, properties }) => [topic, properties?.topicAlias]);

  it('stand for the topic from its second message on, at every QoS', async () => {
    const client = await subscriber({ aliases: 1 });
    for (const qos of [0, 1, 2] as const) await bench.publish(sender, 'topic/a', 'x', { qos });
    assert.deepEqual(aliases(client), [
      ['topic/a', 1],
      ['', 1],
      ['', 1],
    ]);
  });

  it('are as many as the client takes; the other topics are written out [MQTT-3.1.2-26]', async () => {
    const client = await subscriber({ aliases: 2 });
    for (const topic of ['topic/a', 'topic/b', 'topic/c', 'topic/c', 'topic/b', 'topic/a'])
      await bench.publish(sender, topic, 'x');
    assert.deepEqual(aliases(client), [
      ['topic/a', 1],
      ['topic/b', 2],
      ['topic/c', undefined],
      ['topic/c', undefined],
      ['', 2],
      ['', 1],
    ]);
  });

  it('are at most 16, and none is spent on a topic of up to 4 or over 1024 characters', async () => {
    const client = await subscriber({ aliases: 65_535 });
    for (const length of [4, 1025]) await bench.publish(sender, 'x'.repeat(length), 'x');
    for (let i = 1; i <= 18; i++) await bench.publish(sender, `topic/${i}`, 'x');
    assert.deepEqual(
      aliases(client).map(([, alias]) => alias),
      [undefined, undefined, ...Array.from({ length: 16 }, (_, i) => i + 1), undefined, undefined],
    );
  });

  it('are not sent to a client that takes none [MQTT-3.1.2-27]', async () => {
    const client = await subscriber({});
    for (let i = 0; i < 2; i++) await bench.publish(sender, 'topic/a', 'x');
    assert.deepEqual(aliases(client), [
      ['topic/a', undefined],
      ['topic/a', undefined],
    ]);
  });

  it('leave the frames of other receivers as they are', async () => {
    const client = await subscriber({ aliases: 1 });
    const plain = [connect('carol/1'), connect('carol/2'), connect('carol/3', { version: 4 })];
    for (const other of plain) await bench.subscribe(other, 'topic/a');
    for (let i = 0; i < 2; i++) await bench.publish(sender, 'topic/a', 'x');
    assert.deepEqual(aliases(client).at(-1), ['', 1]);
    for (const other of plain)
      assert.deepEqual(aliases(other), [
        ['topic/a', undefined],
        ['topic/a', undefined],
      ]);
  });

  it('begin anew on the next connection, also of what is sent again [MQTT-3.3.2-7]', async () => {
    const options = { aliases: 1, persistent: true } as const;
    const client = await subscriber(options, 1);
    for (let i = 0; i < 2; i++) await bench.publish(sender, 'topic/a', 'x');
    bench.topics.detach(client);
    const again = connect('bob/b', options);
    await bench.topics.resume(again, bench.topics.subscriptionsOf('bob/b'));
    assert.deepEqual(aliases(again), [
      ['topic/a', 1],
      ['', 1],
    ]);
  });

  it('are not announced by a packet that is too large for the client', async () => {
    // A PUBLISH to topic/a at QoS 0 without alias: 2 bytes of header, 2 + 7 of topic, 1 of property length.
    const client = await subscriber({ aliases: 1, maxPacketSize: 32 }, 0);
    for (const size of [20, 21, 17, 23, 24, 25]) {
      await bench.publish(sender, 'topic/a', 'x'.repeat(size), { qos: 0 });
    }
    assert.deepEqual(
      client.link.publishes().map(({ topic, payload, properties }) => {
        return [topic, properties?.topicAlias, payload.length];
      }),
      [
        ['topic/a', undefined, 20],
        ['topic/a', 1, 17],
        ['', 1, 23],
        ['', 1, 24],
      ],
    );
  });
});
