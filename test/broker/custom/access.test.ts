import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { reasons } from '../../../broker/gate/fault.ts';
import { Bench, connect, type TestClient } from './fixture.ts';

describe('the rules of topics.custom', () => {
  let bench: Bench;
  let sender: TestClient;
  beforeEach(async () => {
    bench = await Bench.open({
      rules: [
        { match: 'open/secret/#', allow: ['publish'] },
        { match: 'open/#', allow: ['publish', 'subscribe'] },
        { match: 'home/{uid}/#', allow: ['publish', 'subscribe'] },
        { match: 'iot/#', allow: ['publish', 'subscribe'], scope: 'iot' },
        { match: '#', allow: ['publish'], uid: 'sender' },
      ],
    });
    sender = connect('sender/s');
  });
  afterEach(async () => {
    await bench.topics.close();
    assert.deepEqual(bench.errors, []);
  });

  it('refuse a publish with topic.forbidden, and nobody gets it', async () => {
    const bob = connect('bob/b');
    await bench.subscribe(bob, 'home/bob/#');
    for (const topic of ['home/bob/x', 'other', 'iot/x', 'send/u/bob', 'u/bob', '$SYS/x']) {
      await assert.rejects(bench.publish(connect('carol/c'), topic, 'x'), { code: 'topic.forbidden' });
    }
    assert.deepEqual(bob.link.payloads(), []);
    assert.equal(bench.topics.mayPublish(bob.identity, 'home/bob/x'), true);
    assert.equal(bench.topics.mayPublish(bob.identity, 'home/carol/x'), false);
  });

  it('refuse a subscription with 0x87, and nothing of it stays', async () => {
    const bob = connect('bob/b', { persistent: true });
    for (const filter of [
      '#',
      '+',
      'home/+/x',
      'home/carol/#',
      'open/secret/x',
      'send/#',
      'u/bob',
      '$SYS/#',
      '$x',
    ]) {
      assert.equal(await bench.subscribe(bob, filter), reasons.notAuthorized, filter);
    }
    assert.deepEqual(bench.topics.subscriptionsOf('bob/b'), []);
    for (const topic of ['other', 'home/carol/x'])
      await bench.publish(sender, topic, 'x').catch(() => undefined);
    assert.deepEqual(bob.link.payloads(), []);
  });

  it('hold for each message of a wildcard subscription, live, retained and queued', async () => {
    await bench.publish(sender, 'open/a', 'open, retained', { retain: true });
    await bench.publish(sender, 'open/secret/a', 'secret, retained', { retain: true });
    const bob = connect('bob/b', { persistent: true });
    assert.equal(await bench.subscribe(bob, 'open/#'), 1);
    await bench.publish(sender, 'open/b', 'open, live');
    await bench.publish(sender, 'open/secret/b', 'secret, live');
    assert.deepEqual(bob.link.payloads(), ['open, retained', 'open, live']);
    bench.topics.detach(bob);
    await bench.publish(sender, 'open/c', 'open, queued');
    await bench.publish(sender, 'open/secret/c', 'secret, queued');
    const back = connect('bob/b', { persistent: true });
    await bench.topics.resume(back, []);
    assert.deepEqual(back.link.payloads().slice(-1), ['open, queued']);
    assert.equal(bench.topics.counters.queued, 1);
  });

  it('are asked again when a session comes back with another token', async () => {
    const first = connect('bob/b', { persistent: true, scopes: ['iot'] });
    assert.equal(await bench.subscribe(first, 'iot/+'), 1);
    bench.topics.detach(first);
    await bench.publish(sender, 'iot/x', 'queued').catch(() => undefined);
    await bench.publish(connect('dev/d', { scopes: ['iot'] }), 'iot/x', 'queued');
    const second = connect('bob/b', { persistent: true });
    await bench.topics.resume(second, [{ filter: 'iot/+', qos: 1 }]);
    await bench.publish(connect('dev/d', { scopes: ['iot'] }), 'iot/x', 'live');
    assert.deepEqual(second.link.payloads(), []);
  });

  it('follow the token of a live connection', async () => {
    const bob = connect('bob/b', { scopes: ['iot'] });
    await bench.subscribe(bob, 'iot/+');
    const dev = connect('dev/d', { scopes: ['iot'] });
    await bench.publish(dev, 'iot/x', 'before');
    (bob as { identity: TestClient['identity'] }).identity = { ...bob.identity, scopes: new Set() };
    await bench.publish(dev, 'iot/x', 'after');
    assert.deepEqual(bob.link.payloads(), ['before']);
  });
});

describe('$SYS', () => {
  it('tells an administrator of the server, with what is retained and no aedes topics', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const bench = await Bench.open({ id: 'node' });
    const root = connect('root/r', { scopes: ['admin'] });
    assert.equal(await bench.subscribe(root, '$SYS/broker/version'), 1);
    assert.equal(await bench.subscribe(root, '$SYS/broker/clients/#', { retainHandling: 2 }), 1);
    const [version] = root.link.publishes();
    assert.deepEqual(
      [version!.topic, version!.payload.toString(), version!.retain],
      ['$SYS/broker/version', 'petrel 1.2.3', true],
    );
    t.mock.timers.tick(10_000);
    assert.deepEqual(root.link.payloads(), ['petrel 1.2.3', '4']);
    t.mock.timers.tick(10_000);
    // what has not changed is not told again
    assert.deepEqual(root.link.payloads(), []);
    await bench.topics.close();
    assert.deepEqual(bench.errors, []);
  });

  it('is refused to everyone else, and no wildcard brings it', async () => {
    const bench = await Bench.open();
    const bob = connect('bob/b');
    assert.equal(await bench.subscribe(bob, '$SYS/#'), reasons.notAuthorized);
    assert.equal(await bench.subscribe(bob, '#'), 1);
    const root = connect('root/r', { scopes: ['admin'] });
    await bench.subscribe(root, '$SYS/#');
    assert.ok(root.link.publishes().length >= 3);
    assert.deepEqual(bob.link.payloads(), []);
    await bench.topics.close();
  });
});
