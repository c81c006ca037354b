import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { AedesCore, type Envelope, type Routed } from '../../../broker/custom/aedes.ts';
import { filterMatches } from '../../../schemas/topics.ts';

const envelope = (at = 0): Envelope => ({ qos: 1, retain: false, from: 'alice/a', at });

/** What Petrel relies on in aedes: a version that does otherwise fails here. */
describe('aedes', () => {
  let core: AedesCore;
  const errors: unknown[] = [];
  beforeEach(async () => {
    core = await AedesCore.open({ onError: (error) => errors.push(error) });
  });
  afterEach(() => core.close());
  after(() => assert.deepEqual(errors, []));

  it('calls the listeners before route returns, and answers', async () => {
    const heard: string[] = [];
    await core.listen('a/+', ({ topic }) => heard.push(topic));
    const routing = core.route('a/b', Buffer.from('x'), envelope());
    assert.deepEqual(heard, ['a/b']);
    await routing;
    await core.route('nobody/listens', Buffer.from('x'), envelope());
    assert.deepEqual(heard, ['a/b']);
  });

  it('gives all listeners of a message the same object, with the envelope as it was', async () => {
    const heard: Routed[] = [];
    for (const filter of ['a/b', 'a/+', '#']) await core.listen(filter, (routed) => heard.push(routed));
    const mine = envelope(7);
    const payload = Buffer.from('x');
    await core.route('a/b', payload, mine);
    assert.equal(heard.length, 3);
    assert.ok(heard.every((routed) => routed === heard[0]));
    assert.equal(heard[0]!.properties, mine);
    assert.equal(heard[0]!.payload, payload);
  });

  it('keeps the order of messages, whatever their QoS', async () => {
    const heard: string[] = [];
    await core.listen('#', ({ payload }) => heard.push(payload.toString()));
    const sent = Array.from({ length: 300 }, (_, i) => `${i}`);
    const qos = [0, 1, 2] as const;
    await Promise.all(
      sent.map((text, i) => core.route('a', Buffer.from(text), { ...envelope(), qos: qos[i % 3]! })),
    );
    assert.deepEqual(heard, sent);
  });

  it('matches as MQTT says, empty levels and names of object members included', async () => {
    const level = fc.constantFrom('', 'a', 'b', 'constructor', '__proto__', 'toString');
    const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
    const filter = fc
      .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 3 }), fc.boolean())
      .map(([levels, rest]) => [...levels, ...(rest ? ['#'] : [])].join('/'));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          filter.filter((text) => text !== ''),
          { maxLength: 8 },
        ),
        fc.array(
          topic.filter((text) => text !== ''),
          { maxLength: 8 },
        ),
        async (filters, topics) => {
          const heard: string[] = [];
          const stops: (() => Promise<void>)[] = [];
          for (const one of filters) stops.push(await core.listen(one, () => heard.push(one)));
          for (const one of topics) {
            heard.length = 0;
            await core.route(one, Buffer.alloc(0), envelope());
            assert.deepEqual(
              heard.sort(),
              filters.filter((other) => filterMatches(other, one)).sort(),
              `${one} for ${filters.join(' ')}`,
            );
          }
          for (const stop of stops) await stop();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('stops one listener of a filter and leaves the others', async () => {
    const heard: string[] = [];
    const stop = await core.listen('a', () => heard.push('first'));
    await core.listen('a', () => heard.push('second'));
    await stop();
    await core.route('a', Buffer.alloc(0), envelope());
    assert.deepEqual(heard, ['second']);
  });

  it('goes on with a thousand messages in one turn: listeners never hold its concurrency', async () => {
    let heard = 0;
    await core.listen('#', () => heard++);
    for (let i = 0; i < 1000; i++) void core.route('a', Buffer.alloc(0), envelope());
    assert.equal(heard, 1000);
  });

  it('refuses topics and filters of more than 100 levels without throwing', async () => {
    const deep = Array.from({ length: 101 }, () => 'a').join('/');
    await assert.rejects(core.route(deep, Buffer.alloc(0), envelope()));
    await assert.rejects(core.listen(deep, () => undefined));
    const allowed = Array.from({ length: 100 }, () => 'a').join('/');
    await core.listen(allowed, () => undefined);
    await core.route(allowed, Buffer.alloc(0), envelope());
  });

  it('brings its own $SYS messages to the same listeners, without an envelope', async () => {
    const ticking = await AedesCore.open({ id: 'n1', onError: (error) => errors.push(error) });
    const heard: Routed[] = [];
    await ticking.listen('#', (routed) => heard.push(routed));
    await ticking.route('$SYS/n1/heartbeat', Buffer.from('n1'));
    assert.equal(heard.length, 1);
    assert.equal(heard[0]!.properties, undefined);
    await ticking.close();
  });

  it('keeps one retained message a topic, whole, and drops it for an empty payload', async () => {
    const mine = envelope(5);
    const keep = (topic: string, text: string): Promise<void> =>
      core.storeRetained({ topic, payload: Buffer.from(text), qos: 1, properties: mine });
    for (const topic of ['a', 'a/', '/', 'a//b', '__proto__', 'constructor']) await keep(topic, 'old');
    await keep('a', 'new');
    await keep('a//b', '');
    const found = new Map<string, string>();
    for await (const { topic, payload, qos, properties } of core.retained()) {
      found.set(topic, payload.toString());
      assert.equal(qos, 1);
      assert.deepEqual(properties, mine);
    }
    assert.deepEqual(
      [...found].sort(),
      [
        ['/', 'old'],
        ['__proto__', 'old'],
        ['a', 'new'],
        ['a/', 'old'],
        ['constructor', 'old'],
      ].sort(),
    );
  });

  it('refuses messages after its end', async () => {
    const short = await AedesCore.open({ onError: (error) => errors.push(error) });
    await short.close();
    await assert.rejects(short.route('a', Buffer.alloc(0), envelope()));
  });
});
