import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Bench, connect, type TestClient } from './fixture.ts';

describe('retained messages', () => {
  let bench: Bench;
  let sender: TestClient;
  beforeEach(async () => {
    bench = await Bench.open({ limits: { maxRetainedMessages: 6, maxRetainedBytes: 1000 } });
    sender = connect('sender/s');
  });
  afterEach(async () => {
    await bench.topics.close();
    assert.deepEqual(bench.errors, []);
  });

  const keep = (topic: string, text: string, options = {}): Promise<void> =>
    bench.publish(sender, topic, text, { retain: true, ...options });

  async function seen(filter: string, options = {}): Promise<string[]> {
    const client = connect('reader/r');
    await bench.subscribe(client, filter, options);
    const got = bench.drain(client).sort();
    bench.topics.detach(client);
    return got;
  }

  it('come to a new subscription with RETAIN 1, the lower QoS, its identifier and their properties', async () => {
    await keep('a/b', 'x', { qos: 2, properties: { contentType: 'text/plain' } });
    const client = connect('bob/b');
    await bench.subscribe(client, 'x/#', { identifier: 1 });
    await bench.subscribe(client, 'a/+', { qos: 1, identifier: 5 });
    const [got] = client.link.publishes();
    assert.equal(got!.retain, true);
    assert.equal(got!.qos, 1);
    assert.deepEqual(got!.properties, { contentType: 'text/plain', subscriptionIdentifier: 5 });
  });

  it('are one a topic: the newest, and none after an empty payload', async () => {
    await keep('a', 'old');
    await keep('a', 'new');
    await keep('b', 'gone');
    const live = connect('bob/b');
    await bench.subscribe(live, 'b', { retainHandling: 2 });
    await keep('b', '');
    assert.deepEqual(live.link.payloads(), ['']);
    assert.deepEqual(await seen('#'), ['new']);
  });

  it('are not touched by a message without RETAIN', async () => {
    await keep('a', 'kept');
    await bench.publish(sender, 'a', 'live');
    await bench.publish(sender, 'a', '');
    assert.deepEqual(await seen('a'), ['kept']);
  });

  it('come by any filter that matches, empty levels included', async () => {
    for (const topic of ['a', 'a/', '/', 'a//b', 'b']) await keep(topic, topic);
    assert.deepEqual(await seen('a/+'), ['a/']);
    assert.deepEqual(await seen('a/#'), ['a', 'a/', 'a//b']);
    assert.deepEqual(await seen('+/+'), ['/', 'a/']);
    assert.deepEqual(await seen('a/+/b'), ['a//b']);
    assert.deepEqual(await seen('#'), ['/', 'a', 'a/', 'a//b', 'b']);
    assert.deepEqual(await seen('b'), ['b']);
    assert.deepEqual(await seen('c'), []);
  });

  it('follow Retain Handling: always, only to a new subscription, never', async () => {
    await keep('a', 'x');
    const client = connect('bob/b');
    const got: number[] = [];
    for (const retainHandling of [2, 0, 0, 1] as const) {
      await bench.subscribe(client, 'a', { retainHandling });
      got.push(bench.drain(client).length);
    }
    await bench.topics.unsubscribe(client, 'a');
    await bench.subscribe(client, 'a', { retainHandling: 1 });
    got.push(bench.drain(client).length);
    assert.deepEqual(got, [0, 1, 1, 0, 1]);
  });

  it('do not come to shared subscriptions', async () => {
    await keep('a', 'x');
    assert.deepEqual(await seen('$share/s/a'), []);
  });

  it('do not come back by No Local to the session that published them', async () => {
    await keep('a', 'x');
    await bench.subscribe(sender, 'a', { noLocal: true });
    assert.deepEqual(sender.link.payloads(), []);
  });

  it('end with their expiry interval, and tell what is left of it', async () => {
    await keep('a', 'short', { properties: { messageExpiryInterval: 10 } });
    await keep('b', 'long', { properties: { messageExpiryInterval: 100 } });
    bench.clock.now += 10_000;
    const client = connect('bob/b');
    await bench.subscribe(client, '+');
    const got = client.link.publishes();
    assert.deepEqual(
      got.map(({ payload, properties }) => [payload.toString(), properties?.messageExpiryInterval]),
      [['long', 90]],
    );
  });

  it('are bounded in number and bytes: beyond it topic.quota, and the message goes to nobody', async () => {
    const live = connect('bob/b');
    await bench.subscribe(live, '#');
    for (let i = 0; i < 6; i++) await keep(`t/${i}`, 'x', { properties: { messageExpiryInterval: 100 } });
    live.link.take();
    await assert.rejects(keep('t/7', 'x'), { code: 'topic.quota' });
    assert.deepEqual(live.link.payloads(), []);
    await keep('t/0', 'in place of the old');
    await keep('t/1', '');
    await keep('t/7', 'x');
    await assert.rejects(keep('t/7', 'y'.repeat(1000)), { code: 'topic.quota' });
    bench.clock.now += 100_000;
    await keep('other/1', 'what expired makes room');
    assert.deepEqual(await seen('t/#'), ['in place of the old', 'x']);
  });

  it('wait for room in the window, come before what is live, and none is lost or stale', async () => {
    for (const topic of ['r/1', 'r/2', 'r/3']) await keep(topic, `kept ${topic}`);
    const client = connect('bob/b', { window: 1 });
    await bench.subscribe(client, 'r/+');
    await bench.publish(sender, 'r/9', 'live');
    await keep('r/3', 'newer');
    assert.deepEqual(bench.drain(client), ['kept r/1', 'kept r/2', 'live', 'newer']);
  });

  it('that still wait when the connection ends are kept for a persistent session', async () => {
    for (const topic of ['r/1', 'r/2', 'r/3']) await keep(topic, topic);
    const client = connect('bob/b', { window: 1, persistent: true });
    await bench.subscribe(client, 'r/+');
    bench.topics.detach(client);
    const next = connect('bob/b', { persistent: true });
    await bench.topics.resume(next, []);
    assert.deepEqual(
      next.link.publishes().map(({ payload, retain }) => [payload.toString(), retain]),
      [
        ['r/1', true],
        ['r/2', true],
        ['r/3', true],
      ],
    );
  });

  it('stop coming when the subscription ends', async () => {
    for (const topic of ['r/1', 'r/2', 'r/3']) await keep(topic, topic);
    const client = connect('bob/b', { window: 1 });
    await bench.subscribe(client, 'r/+');
    await bench.topics.unsubscribe(client, 'r/+');
    assert.deepEqual(bench.drain(client), ['r/1']);
  });
});
