import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ack, packetTypes } from '../../../broker/gate/writer.ts';
import { Bench, connect, type TestClient } from './fixture.ts';

describe('persistent sessions of custom topics', () => {
  let bench: Bench;
  let sender: TestClient;
  beforeEach(async () => {
    bench = await Bench.open({ limits: { maxQueuedMessages: 5, maxQueuedBytes: 1000 } });
    sender = connect('sender/s');
  });
  afterEach(async () => {
    await bench.topics.close();
    assert.deepEqual(bench.errors, []);
  });

  const bob = (window = 100): TestClient => connect('bob/b', { persistent: true, window });

  async function absent(filter = 'a', qos: 0 | 1 | 2 = 2): Promise<void> {
    const client = bob();
    await bench.subscribe(client, filter, { qos });
    bench.topics.detach(client);
  }

  it('get what came meanwhile at QoS 1 and 2, in order, and nothing of QoS 0', async () => {
    await absent();
    for (const [i, qos] of ([1, 0, 2, 1] as const).entries())
      await bench.publish(sender, 'a', `${i}`, { qos });
    const client = bob();
    await bench.topics.resume(client, [{ filter: 'a', qos: 2 }]);
    const got = client.link.publishes();
    assert.deepEqual(
      got.map(({ payload, qos, dup }) => [payload.toString(), qos, dup]),
      [
        ['0', 1, false],
        ['2', 2, false],
        ['3', 1, false],
      ],
    );
  });

  it('with QoS 0 subscriptions queue nothing', async () => {
    await absent('a', 0);
    await bench.publish(sender, 'a', 'x');
    const client = bob();
    await bench.topics.resume(client, []);
    assert.deepEqual(client.link.payloads(), []);
    assert.equal(bench.topics.counters.queued, 0);
  });

  it('get unacknowledged messages again with their packet ids and DUP, before all else', async () => {
    const first = bob();
    await bench.subscribe(first, 'a', { qos: 2 });
    for (const qos of [1, 2, 2, 1] as const) await bench.publish(sender, 'a', `qos ${qos}`, { qos });
    const sent = first.link.publishes();
    const ids = sent.map(({ messageId }) => messageId!);
    bench.topics.acknowledge(first, 'pubrec', ids[1]!, 0);
    bench.topics.acknowledge(first, 'puback', ids[3]!, 0);
    bench.topics.detach(first);
    await bench.publish(sender, 'a', 'later');
    const second = bob();
    await bench.topics.resume(second, []);
    const got = second.link.take();
    assert.deepEqual(
      got.map((packet) =>
        packet.cmd === 'publish'
          ? ['publish', packet.messageId, packet.qos, packet.dup]
          : [packet.cmd, packet.messageId],
      ),
      [
        ['publish', ids[0], 1, true],
        ['pubrel', ids[1]],
        ['publish', ids[2], 2, true],
        ['publish', (got.at(-1) as { messageId: number }).messageId, 1, false],
      ],
    );
    assert.equal(second.session.otherInFlight, 4);
    bench.topics.acknowledge(second, 'pubcomp', ids[1]!, 0);
    bench.topics.acknowledge(second, 'puback', ids[0]!, 0);
    assert.equal(second.session.otherInFlight, 2);
  });

  it('repeat no more than a smaller window takes, and the rest as it opens', async () => {
    const first = bob();
    await bench.subscribe(first, 'a');
    for (let i = 0; i < 5; i++) await bench.publish(sender, 'a', `${i}`);
    bench.topics.detach(first);
    const second = bob(2);
    await bench.topics.resume(second, []);
    const got = second.link.publishes();
    assert.deepEqual(
      got.map(({ payload, dup }) => [payload.toString(), dup]),
      [
        ['0', true],
        ['1', true],
      ],
    );
    await bench.publish(sender, 'a', '5');
    for (const { messageId } of got) bench.topics.acknowledge(second, 'puback', messageId!, 0);
    assert.deepEqual(bench.drain(second), ['2', '3', '4', '5']);
    assert.equal(second.session.otherInFlight, 0);
  });

  it('take an acknowledgement of a message that is not repeated yet', async () => {
    const first = bob();
    await bench.subscribe(first, 'a');
    for (const text of ['0', '1']) await bench.publish(sender, 'a', text);
    const ids = first.link.publishes().map(({ messageId }) => messageId!);
    bench.topics.detach(first);
    const second = bob(1);
    await bench.topics.resume(second, []);
    bench.topics.acknowledge(second, 'puback', ids[1]!, 0);
    bench.topics.acknowledge(second, 'puback', ids[0]!, 0);
    assert.deepEqual(second.link.payloads(), ['0']);
    assert.equal(second.session.otherInFlight, 0);
  });

  it('keep a QoS 2 flow over two connections', async () => {
    const first = bob();
    await bench.subscribe(first, 'a', { qos: 2 });
    await bench.publish(sender, 'a', 'x', { qos: 2 });
    const id = first.link.publishes()[0]!.messageId!;
    bench.topics.acknowledge(first, 'pubrec', id, 0);
    for (let i = 0; i < 2; i++) {
      const next = bob();
      await bench.topics.resume(next, []);
      assert.deepEqual(next.link.takeFrames(), [ack(5, packetTypes.pubrel, id)]);
      assert.equal(next.session.otherInFlight, 1);
    }
  });

  it('drop the newest where their queue is full, by number or bytes, and count it', async () => {
    await absent();
    for (let i = 0; i < 7; i++) await bench.publish(sender, 'a', `${i}`);
    assert.equal(bench.topics.counters.droppedFull, 2);
    const client = bob();
    await bench.topics.resume(client, []);
    assert.deepEqual(bench.drain(client), ['0', '1', '2', '3', '4']);
    bench.topics.detach(client);
    for (const size of [600, 600, 300]) await bench.publish(sender, 'a', Buffer.alloc(size));
    assert.equal(bench.topics.counters.droppedFull, 3);
    const again = bob();
    await bench.topics.resume(again, []);
    assert.deepEqual(
      again.link.publishes().map(({ payload }) => payload.length),
      [600, 300],
    );
  });

  it('do not get what expired meanwhile, and what is left of the interval of the rest', async () => {
    await absent();
    await bench.publish(sender, 'a', 'short', { properties: { messageExpiryInterval: 5 } });
    await bench.publish(sender, 'a', 'long', { properties: { messageExpiryInterval: 60 } });
    await bench.publish(sender, 'a', 'at once', { properties: { messageExpiryInterval: 0 } });
    bench.clock.now += 5_000;
    const client = bob();
    await bench.topics.resume(client, []);
    const got = client.link.publishes();
    assert.deepEqual(
      got.map(({ payload, properties }) => [payload.toString(), properties?.messageExpiryInterval]),
      [['long', 55]],
    );
    assert.equal(bench.topics.counters.expired, 2);
  });

  it('make room in a full queue by what has expired', async () => {
    await absent();
    const properties = { messageExpiryInterval: 1 };
    for (let i = 0; i < 5; i++) await bench.publish(sender, 'a', 'old', { properties });
    bench.clock.now += 1_000;
    await bench.publish(sender, 'a', 'new');
    const client = bob();
    await bench.topics.resume(client, []);
    assert.deepEqual(client.link.payloads(), ['new']);
  });

  it('queue from the start of the server for those who are away', async () => {
    const user = { uid: 'bob', scopes: new Set<string>() };
    bench.topics.restore('bob/b', user, [{ filter: 'a/+', qos: 1, identifier: 7 }]);
    await bench.publish(sender, 'a/b', 'x');
    const client = bob();
    await bench.topics.resume(client, [{ filter: 'a/+', qos: 1, identifier: 7 }]);
    const [got] = client.link.publishes();
    assert.equal(got!.payload.toString(), 'x');
    assert.equal(got!.properties?.subscriptionIdentifier, 7);
    assert.deepEqual(bench.topics.subscriptionsOf('bob/b'), [{ filter: 'a/+', qos: 1, identifier: 7 }]);
  });

  it('take their stored subscriptions up where the server did not know them, without retained messages', async () => {
    await bench.publish(sender, 'a', 'kept', { retain: true });
    const client = bob();
    await bench.topics.resume(client, [{ filter: 'a', qos: 1 }]);
    assert.deepEqual(client.link.payloads(), []);
    await bench.publish(sender, 'a', 'x');
    assert.deepEqual(client.link.payloads(), ['x']);
  });

  it('leave nothing when they are forgotten', async () => {
    await absent();
    await bench.publish(sender, 'a', 'x');
    await bench.topics.forget('bob/b');
    await bench.topics.forget('bob/b');
    assert.deepEqual(bench.topics.subscriptionsOf('bob/b'), []);
    await bench.publish(sender, 'a', 'y');
    const client = bob();
    await bench.topics.resume(client, []);
    await bench.subscribe(client, 'a');
    assert.deepEqual(client.link.payloads(), []);
  });

  it('keep what waits for room when the connection ends', async () => {
    const client = bob(1);
    await bench.subscribe(client, 'a');
    for (let i = 0; i < 4; i++) await bench.publish(sender, 'a', `${i}`);
    bench.topics.detach(client);
    const next = bob();
    await bench.topics.resume(next, []);
    assert.deepEqual(next.link.payloads(), ['0', '1', '2', '3']);
  });
});

describe('the bytes of all queues together', () => {
  it('are bounded: a message that would have to wait is refused with topic.quota, and nobody gets it', async () => {
    const bench = await Bench.open({ limits: { maxQueuedBytesTotal: 2_000 } });
    const sender = connect('sender/s');
    const away = connect('away/a', { persistent: true });
    const here = connect('here/h');
    for (const client of [away, here]) await bench.subscribe(client, 'a');
    await bench.subscribe(here, 'b');
    bench.topics.detach(away);
    for (let i = 0; i < 2; i++) await bench.publish(sender, 'a', Buffer.alloc(1_000));
    here.link.take();
    await assert.rejects(bench.publish(sender, 'a', 'x', { retain: true }), { code: 'topic.quota' });
    assert.deepEqual(here.link.payloads(), []);
    await bench.publish(sender, 'a', 'nobody waits for QoS 0', { qos: 0 });
    await bench.publish(sender, 'b', 'nor here');
    assert.deepEqual(here.link.payloads(), ['nobody waits for QoS 0', 'nor here']);
    const late = connect('late/l');
    await bench.subscribe(late, 'a');
    assert.deepEqual(late.link.payloads(), []);
    await bench.topics.forget('away/a');
    await bench.publish(sender, 'a', 'room again');
    assert.deepEqual(late.link.payloads(), ['room again']);
    await bench.topics.close();
    assert.deepEqual(bench.errors, []);
  });
});
