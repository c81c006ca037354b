import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { IConnectPacket } from 'mqtt-packet';
import { decodeHolders, encodeHolders, nodeFrames } from '../../../schemas/work.ts';
import { PacketClient } from '../../support/packet-client.ts';
import { until } from '../../support/until.ts';
import {
  startCluster,
  type TestBroker,
  type TestCluster,
  testNodeToken,
} from '../../worker/remote/cluster.ts';

/** A batch of no work, for a link. */
const batchFor = (link: number): Buffer => {
  const batch = Buffer.alloc(14);
  batch[0] = nodeFrames.work;
  batch.writeUInt32BE(link, 1);
  return batch;
};
const publish = (topic: string, payload: Buffer | string, qos: 0 | 1 = 0) =>
  ({
    cmd: 'publish',
    topic,
    payload,
    qos,
    retain: false,
    dup: false,
    ...(qos > 0 && { messageId: 1 }),
  }) as const;

describe('a connection of another node', () => {
  let cluster: TestCluster;
  let broker: TestBroker;
  before(async () => {
    cluster = await startCluster();
    broker = await cluster.broker('b-1');
  });
  after(() => cluster.end());

  const open = async (
    more: Partial<IConnectPacket> = {},
    port = Number(new URL(broker.url).port),
  ): Promise<PacketClient> => {
    const client = await PacketClient.open(port);
    client.send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 5,
      clientId: 'w-1',
      username: '$node',
      password: Buffer.from(testNodeToken),
      clean: true,
      keepalive: 5,
      ...more,
    });
    return client;
  };
  const opened = async (clientId: string, port?: number): Promise<PacketClient> => {
    const client = await open({ clientId }, port);
    assert.equal((await client.next('connack')).reasonCode, 0);
    return client;
  };
  const subscribe = async (client: PacketClient, ...topics: string[]): Promise<readonly number[]> => {
    const messageId = client.nextId();
    client.send({ cmd: 'subscribe', messageId, subscriptions: topics.map((topic) => ({ topic, qos: 0 })) });
    return (await client.next('suback')).granted as number[];
  };
  const heard = async (client: PacketClient): Promise<Buffer> =>
    (await client.next('publish')).payload as Buffer;

  it('is refused without the token of nodes, under a name that is none, and before MQTT 5', async () => {
    const wrong = await open({ password: Buffer.from('another') });
    assert.equal((await wrong.next('connack')).reasonCode, 0x86);
    const nameless = await open({ clientId: 'a/b' });
    assert.equal((await nameless.next('connack')).reasonCode, 0x85);
    const old = await open({ protocolVersion: 4 });
    assert.notEqual((await old.next('connack')).returnCode, 0);
    await Promise.all([wrong.closed, nameless.closed, old.closed]);
  });

  it('may subscribe to work and to its own answers alone, and publish there alone', async () => {
    const node = await opened('w-1');
    assert.deepEqual(
      await subscribe(node, '$work/3', '$done/w-1', '$done/w-2', '$work/#', '$SYS/#', 'u/system', 'custom'),
      [0, 0, 0x87, 0x87, 0x87, 0x87, 0x87],
    );
    for (const packet of [publish('u/alice', 'x'), publish('custom', 'x'), publish('$done/w-1', 'x', 1)]) {
      const bad = await opened('bad');
      bad.send(packet);
      await bad.closed;
    }
    await node.drop();
  });

  it('gets the work that is for it, and passes answers on', async () => {
    const [worker, api] = [await opened('w-1'), await opened('a-1')];
    await subscribe(api, '$done/a-1');
    assert.deepEqual(decodeHolders(await heard(api)), new Array(64).fill(0));
    assert.deepEqual(await subscribe(worker, '$work/3', '$work/4'), [0, 0]);
    const holders = decodeHolders(await heard(api))!;
    const link = holders[3]!;
    assert.ok(link > 0 && holders[4] === link && holders[5] === 0);
    api.send(publish('$work/3', batchFor(link + 1000)));
    api.send(publish('$work/3', batchFor(link)));
    const work = await worker.next('publish');
    assert.deepEqual([work.topic, work.payload], ['$work/3', batchFor(link)]);
    worker.send(publish('$done/a-1', Buffer.from('answers')));
    assert.equal((await heard(api)).toString(), 'answers');
    await worker.drop();
    assert.deepEqual(decodeHolders(await heard(api)), new Array(64).fill(0));
    await api.drop();
  });

  it('takes a partition over from the one that had it before, and gives it back', async () => {
    const api = await opened('a-1');
    await subscribe(api, '$done/a-1');
    await heard(api);
    const holderOf3 = async (): Promise<number> => decodeHolders(await heard(api))![3]!;
    const older = await opened('w-1');
    await subscribe(older, '$work/3');
    const first = await holderOf3();
    const newer = await opened('w-2');
    await subscribe(newer, '$work/3');
    const second = await holderOf3();
    assert.notEqual(second, first);
    newer.send({ cmd: 'unsubscribe', messageId: newer.nextId(), unsubscriptions: ['$work/3', '$work/9'] });
    assert.deepEqual((await newer.next('unsuback')).granted, [0, 0x11]);
    assert.equal(await holderOf3(), first);
    // The node comes again: its older connection goes, and so does what that held.
    const again = await opened('w-1');
    await older.closed;
    assert.equal(await holderOf3(), 0);
    await Promise.all([again.drop(), newer.drop(), api.drop()]);
  });

  it('is lost where it ends without a goodbye, and not where it leaves, is replaced or is ended here', async () => {
    const leaving = await opened('leaving');
    leaving.send({ cmd: 'disconnect' });
    await leaving.closed;
    const replaced = await opened('lost');
    const last = await opened('lost');
    await replaced.closed;
    const bad = await opened('bad');
    bad.send(publish('custom', 'x'));
    await bad.closed;
    const before = broker.lost.length;
    await last.drop();
    await until('the loss', () => broker.lost.length > before);
    assert.deepEqual(broker.lost.slice(before), ['lost']);
    assert.ok(!broker.lost.some((node) => node === 'leaving' || node === 'bad'));
  });

  it('is made anew while the broker waits for its sends, when clients are refused, and not after', async () => {
    let drained = () => {};
    const waiting = new Promise<void>((resolve) => {
      drained = resolve;
    });
    const stopping = await cluster.broker('b-2', waiting);
    const port = Number(new URL(stopping.url).port);
    const first = await opened('w-1', port);
    const closed = stopping.server.close();
    await first.drop();
    const again = await opened('w-1', port);
    assert.deepEqual(await subscribe(again, '$work/3'), [0]);
    const client = await open({ clientId: 'phone', username: 'alice' }, port);
    assert.equal((await client.next('connack')).reasonCode, 0x88);
    const silent = await PacketClient.open(port);
    drained();
    await Promise.all([closed, again.closed, silent.closed]);
    await assert.rejects(PacketClient.open(port));
  });

  it('takes packets that are larger than those of clients', async () => {
    const [worker, api] = [await opened('w-1'), await opened('a-1')];
    await subscribe(api, '$done/a-1');
    await heard(api);
    const large = Buffer.concat([encodeHolders([]), Buffer.alloc(2 * 1024 * 1024, 7)]);
    worker.send(publish('$done/a-1', large));
    assert.equal((await heard(api)).length, large.length);
    await Promise.all([worker.drop(), api.drop()]);
  });

  it('is ended when it is silent for one and a half keep alive times', async () => {
    const node = await open({ keepalive: 1 });
    await node.next('connack');
    await node.ping();
    await node.closed;
  });
});
