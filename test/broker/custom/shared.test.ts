import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Bench, connect, type TestClient } from './fixture.ts';

describe('shared subscriptions', () => {
  let bench: Bench;
  let sender: TestClient;
  beforeEach(async () => {
    bench = await Bench.open({
      rules: [
        { match: 'a/#', allow: ['publish'], uid: 'sender' },
        { match: 'a/only-ann', allow: ['subscribe'], uid: 'ann' },
        { match: 'a/only-ann', allow: ['publish'] },
        { match: 'a/#', allow: ['subscribe'] },
      ],
    });
    sender = connect('sender/s');
  });
  afterEach(async () => {
    await bench.topics.close();
    assert.deepEqual(bench.errors, []);
  });

  async function members(options: Parameters<typeof connect>[1] = {}): Promise<TestClient[]> {
    const clients = ['ann', 'bob', 'cat'].map((name) => connect(`${name}/x`, options));
    for (const client of clients) assert.equal(await bench.subscribe(client, '$share/s/a/+'), 1);
    return clients;
  }

  const send = async (count: number, topic = 'a/t'): Promise<void> => {
    for (let i = 0; i < count; i++) await bench.publish(sender, topic, `${i}`);
  };

  it('bring each message to one member, in turn', async () => {
    const clients = await members();
    await send(6);
    assert.deepEqual(
      clients.map((client) => client.link.payloads()),
      [
        ['0', '3'],
        ['1', '4'],
        ['2', '5'],
      ],
    );
  });

  it('of different names or filters, and plain ones, each bring their own copy', async () => {
    const client = connect('ann/x');
    for (const filter of ['$share/s/a/t', '$share/z/a/t', '$share/s/a/+', 'a/t']) {
      await bench.subscribe(client, filter);
    }
    await send(1);
    assert.equal(client.link.publishes().length, 4);
  });

  it('prefer a member with room, then one that is connected, then one that comes back', async () => {
    const [ann, bob, cat] = (await members({ window: 1, persistent: true })) as [
      TestClient,
      TestClient,
      TestClient,
    ];
    bench.topics.detach(ann);
    await send(4);
    assert.deepEqual(bob.link.payloads(), ['0']);
    assert.deepEqual(cat.link.payloads(), ['1']);
    bench.topics.detach(bob);
    bench.topics.detach(cat);
    await send(3);
    for (const name of ['ann', 'bob', 'cat']) {
      const back = connect(`${name}/x`, { persistent: true });
      await bench.topics.resume(back, []);
      const got = bench.drain(back);
      assert.equal(got.length, name === 'ann' ? 1 : 3, name);
    }
  });

  it('give what a member did not acknowledge to another when its session ends', async () => {
    const [ann, bob] = (await members()) as [TestClient, TestClient, TestClient];
    await send(3);
    ann.link.take();
    bob.link.take();
    bench.topics.detach(ann);
    assert.deepEqual(bob.link.payloads(), ['0']);
    await bench.topics.forget('ann/x');
    assert.deepEqual(bob.link.payloads(), []);
  });

  it('give what waited for a member to another when its session ends', async () => {
    const ann = connect('ann/x', { persistent: true });
    await bench.subscribe(ann, '$share/s/a/+');
    bench.topics.detach(ann);
    await send(2);
    const bob = connect('bob/x');
    await bench.subscribe(bob, '$share/s/a/+');
    await bench.topics.forget('ann/x');
    assert.deepEqual(bob.link.payloads(), ['0', '1']);
  });

  it('give a QoS 2 message whose delivery has begun to nobody else', async () => {
    const ann = connect('ann/x');
    await bench.subscribe(ann, '$share/s/a/+', { qos: 2 });
    await bench.publish(sender, 'a/t', 'x', { qos: 2 });
    assert.deepEqual(ann.link.payloads(), ['x']);
    const bob = connect('bob/x');
    await bench.subscribe(bob, '$share/s/a/+', { qos: 2 });
    bench.topics.detach(ann);
    assert.deepEqual(bob.link.payloads(), []);
  });

  it('have the QoS each member was granted', async () => {
    const ann = connect('ann/x');
    const bob = connect('bob/x');
    await bench.subscribe(ann, '$share/s/a/+', { qos: 0 });
    await bench.subscribe(bob, '$share/s/a/+', { qos: 2 });
    for (let i = 0; i < 2; i++) await bench.publish(sender, 'a/t', 'x', { qos: 2 });
    assert.equal(ann.link.publishes()[0]!.qos, 0);
    assert.equal(bob.link.publishes()[0]!.qos, 2);
  });

  it('follow the rules of their filter, for every member and message', async () => {
    const clients = await members();
    assert.equal(await bench.subscribe(clients[0]!, '$share/s/b'), 0x87);
    for (const refused of ['$share/s/u/ann', '$share/s/send/u/bob', '$share/s/$SYS/#']) {
      assert.equal(await bench.subscribe(connect('root/r', { scopes: ['admin'] }), refused), 0x87);
    }
    await send(3, 'a/only-ann');
    assert.deepEqual(
      clients.map((client) => client.link.payloads()),
      [['0', '1', '2'], [], []],
    );
  });

  it('end for a member with UNSUBSCRIBE', async () => {
    const [ann, bob, cat] = (await members()) as [TestClient, TestClient, TestClient];
    assert.equal(await bench.topics.unsubscribe(ann, '$share/s/a/+'), 0);
    await send(4);
    assert.deepEqual(ann.link.payloads(), []);
    assert.deepEqual(bob.link.payloads(), ['0', '2']);
    assert.deepEqual(cat.link.payloads(), ['1', '3']);
  });
});
