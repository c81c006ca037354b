import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { reasons } from '../../../broker/gate/fault.ts';
import { filterMatches } from '../../../schemas/topics.ts';
import { Bench, connect, type TestClient } from './fixture.ts';

const identifiersOf = (value: number | number[] | undefined): number[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/** A subscription as the model of the last test holds it. */
interface Held {
  readonly filter: string;
  readonly qos: 0 | 1 | 2;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly identifier: number | undefined;
}

describe('subscriptions to custom topics', () => {
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

  it('that overlap bring one copy, with the highest QoS and all identifiers', async () => {
    const client = connect('bob/b');
    await bench.subscribe(client, 'a/b', { qos: 0, identifier: 1 });
    await bench.subscribe(client, 'a/+', { qos: 2, identifier: 2 });
    await bench.subscribe(client, '#', { qos: 1 });
    await bench.subscribe(client, 'x', { qos: 2, identifier: 9 });
    await bench.publish(sender, 'a/b', 'x', { qos: 2 });
    const got = client.link.publishes();
    assert.equal(got.length, 1);
    assert.equal(got[0]!.qos, 2);
    assert.deepEqual(identifiersOf(got[0]!.properties?.subscriptionIdentifier).sort(), [1, 2]);
  });

  it('replace one with the same filter', async () => {
    const client = connect('bob/b');
    await bench.subscribe(client, 'a', { qos: 2, identifier: 1 });
    await bench.subscribe(client, 'a', { qos: 0 });
    await bench.publish(sender, 'a', 'x', { qos: 2 });
    const [got] = client.link.publishes();
    assert.equal(got!.qos, 0);
    assert.equal(got!.properties?.subscriptionIdentifier, undefined);
    assert.deepEqual(bench.topics.subscriptionsOf('bob/b'), [{ filter: 'a', qos: 0 }]);
  });

  it('with No Local do not bring what the same session published', async () => {
    const client = connect('bob/b');
    const twin = connect('bob/other');
    await bench.subscribe(client, 'a', { noLocal: true, identifier: 1 });
    await bench.publish(client, 'a', 'own');
    await bench.publish(twin, 'a', 'of another session');
    assert.deepEqual(client.link.payloads(), ['of another session']);
    await bench.subscribe(client, '+', { identifier: 2 });
    await bench.publish(client, 'a', 'by the other subscription');
    const [got] = client.link.publishes();
    assert.deepEqual(identifiersOf(got!.properties?.subscriptionIdentifier), [2]);
  });

  it('keep RETAIN only where they ask for it', async () => {
    const plain = connect('bob/b');
    const asking = connect('carol/c');
    await bench.subscribe(plain, 'a');
    await bench.subscribe(asking, 'a', { retainAsPublished: true });
    await bench.publish(sender, 'a', 'x', { retain: true });
    await bench.publish(sender, 'a', 'y');
    assert.deepEqual(
      plain.link.publishes().map(({ retain }) => retain),
      [false, false],
    );
    assert.deepEqual(
      asking.link.publishes().map(({ retain }) => retain),
      [true, false],
    );
  });

  it('end with UNSUBSCRIBE, which answers 0x11 where there was none', async () => {
    const client = connect('bob/b');
    assert.equal(await bench.topics.unsubscribe(client, 'a'), reasons.noSubscriptionExisted);
    await bench.subscribe(client, 'a');
    assert.equal(await bench.topics.unsubscribe(client, 'a'), 0);
    assert.equal(await bench.topics.unsubscribe(client, 'a'), reasons.noSubscriptionExisted);
    await bench.publish(sender, 'a', 'x');
    assert.deepEqual(client.link.payloads(), []);
    await bench.subscribe(client, 'a');
    await bench.publish(sender, 'a', 'y');
    assert.deepEqual(client.link.payloads(), ['y']);
  });

  it('may be taken up again while aedes still stops listening', async () => {
    const client = connect('bob/b');
    await bench.subscribe(client, 'a');
    await Promise.all([bench.topics.unsubscribe(client, 'a'), bench.subscribe(client, 'a')]);
    await bench.publish(sender, 'a', 'x');
    assert.deepEqual(client.link.payloads(), ['x']);
  });

  it('end with the connection of a session that does not persist', async () => {
    const client = connect('bob/b');
    await bench.subscribe(client, 'a');
    bench.topics.detach(client);
    assert.deepEqual(bench.topics.subscriptionsOf('bob/b'), []);
    await bench.publish(sender, 'a', 'x');
    const again = connect('bob/b');
    await bench.topics.resume(again, []);
    assert.deepEqual(again.link.payloads(), []);
  });

  it('stay with the new connection when the old one ends late', async () => {
    const old = connect('bob/b', { persistent: true });
    await bench.subscribe(old, 'a');
    const next = connect('bob/b', { persistent: true });
    await bench.topics.resume(next, []);
    bench.topics.detach(old);
    await bench.publish(sender, 'a', 'x');
    assert.deepEqual(next.link.payloads(), ['x']);
    assert.deepEqual(old.link.payloads(), []);
  });

  it('with names of object members are like all others', async () => {
    const client = connect('constructor/__proto__');
    for (const filter of ['constructor', '__proto__/#', 'toString/+']) {
      assert.equal(await bench.subscribe(client, filter), 1);
    }
    for (const topic of ['constructor', '__proto__', '__proto__/a', 'toString/x', 'valueOf']) {
      await bench.publish(sender, topic, topic);
    }
    assert.deepEqual(client.link.payloads(), ['constructor', '__proto__', '__proto__/a', 'toString/x']);
    for (const filter of ['constructor', '__proto__/#', 'toString/+']) {
      assert.equal(await bench.topics.unsubscribe(client, filter), 0);
    }
    assert.equal(await bench.topics.unsubscribe(client, 'valueOf'), reasons.noSubscriptionExisted);
  });

  it('deeper than the matcher goes are refused with 0x8F', async () => {
    const deep = Array.from({ length: 101 }, () => 'a').join('/');
    assert.equal(await bench.subscribe(connect('bob/b'), deep), reasons.topicFilterInvalid);
    await assert.rejects(bench.publish(sender, deep, 'x'), { code: 'topic.invalid' });
  });

  it('do not match topics that start with $ by a wildcard', async () => {
    const root = connect('root/r', { scopes: ['admin'] });
    await bench.subscribe(root, '#');
    await bench.subscribe(root, '+/broker/version');
    assert.deepEqual(root.link.payloads(), []);
  });

  it('bring each session exactly what a model of MQTT says', async () => {
    const level = fc.constantFrom('', 'a', 'b');
    const filter = fc
      .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 3 }), fc.boolean())
      .map(([levels, rest]) => [...levels, ...(rest ? ['#'] : [])].join('/'))
      .filter((text) => text !== '');
    const topic = fc
      .array(level, { minLength: 1, maxLength: 3 })
      .map((levels) => levels.join('/'))
      .filter((text) => text !== '');
    const qos = fc.constantFrom<0 | 1 | 2>(0, 1, 2);
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('subscribe' as const),
        who: fc.nat(2),
        filter,
        qos,
        noLocal: fc.boolean(),
        retainAsPublished: fc.boolean(),
        identifier: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
      }),
      fc.record({ kind: fc.constant('unsubscribe' as const), who: fc.nat(2), filter }),
      fc.record({ kind: fc.constant('publish' as const), who: fc.nat(2), topic, qos, retain: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const mine = await Bench.open();
        const clients = [0, 1, 2].map((i) => connect(`c${i}/x`, { window: 10_000 }));
        const model = clients.map(() => new Map<string, Held>());
        for (const one of steps) {
          const client = clients[one.who]!;
          if (one.kind === 'subscribe') {
            const { kind: _, who: __, filter: asked, identifier, ...options } = one;
            const given = {
              ...options,
              ...(identifier === undefined ? {} : { identifier }),
              retainHandling: 2,
            } as const;
            assert.equal(await mine.subscribe(client, asked, given), one.qos);
            model[one.who]!.set(asked, one);
          } else if (one.kind === 'unsubscribe') {
            const had = model[one.who]!.delete(one.filter);
            assert.equal(await mine.topics.unsubscribe(client, one.filter), had ? 0 : 0x11);
          } else {
            await mine.publish(client, one.topic, 'x', { qos: one.qos, retain: one.retain });
            for (const [i, receiver] of clients.entries()) {
              const hits: Held[] = [...model[i]!.values()].filter(
                (sub) => filterMatches(sub.filter, one.topic) && !(sub.noLocal && i === one.who),
              );
              const got = receiver.link.publishes();
              assert.equal(got.length, hits.length > 0 ? 1 : 0);
              if (hits.length === 0) continue;
              const [packet] = got;
              assert.equal(packet!.qos, Math.min(one.qos, Math.max(...hits.map((sub) => sub.qos))));
              assert.equal(packet!.retain, one.retain && hits.some((sub) => sub.retainAsPublished));
              assert.deepEqual(
                identifiersOf(packet!.properties?.subscriptionIdentifier).sort(),
                hits.flatMap(({ identifier }) => identifier ?? []).sort(),
              );
            }
          }
        }
        await mine.topics.close();
        assert.deepEqual(mine.errors, []);
      }),
      { numRuns: 60 },
    );
  });
});
