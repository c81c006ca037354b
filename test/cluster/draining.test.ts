import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { directConv } from '../../schemas/event.ts';
import type { ChatClient } from '../support/chat-client.ts';
import { InsistentSender } from '../support/insistent-sender.ts';
import { PersistentReceiver } from '../support/persistent-receiver.ts';
import { until } from '../support/until.ts';
import { Cluster, type Node } from './cluster.ts';
import { withServers } from './servers-there.ts';

const receivers = 8;

await withServers(() =>
  describe('a broker that stops while others serve', () => {
    let cluster: Cluster;
    before(async () => {
      cluster = await Cluster.start({
        roles: ['broker', 'broker', 'worker'],
        env: { PETREL_MQTT_DRAIN_TIME: '2' },
      });
    });
    after(() => cluster?.stop());

    it('sees the cluster in its metrics', async () => {
      const metric = async (node: Node, pattern: RegExp) =>
        Number(pattern.exec(await (await fetch(`${node.petrel.url('http')}/metrics`)).text())?.[1] ?? 0);
      for (const node of cluster.nodes) {
        await until(
          'two brokers',
          async () => (await metric(node, /^petrel_nodes\{role="broker"\} (\d+)$/m)) === 2,
        );
        assert.equal(await metric(node, /^petrel_nodes\{role="worker"\} (\d+)$/m), 1);
      }
      const [worker] = cluster.workers as [Node];
      await until('all partitions', async () => (await metric(worker, /^petrel_partitions (\d+)$/m)) === 64);
    });

    it('moves its clients to the others, which miss nothing', async () => {
      const [stopping, staying] = cluster.brokers as [
        (typeof cluster.brokers)[0],
        (typeof cluster.brokers)[0],
      ];
      const uids = Array.from({ length: receivers }, (_, i) => `receiver-${i}`);
      // Each makes its session at the second broker, is connected to the first, and comes back to the second.
      const people = uids.map((uid) => ({ uid, receiver: receiverOf(cluster, uid) }));
      for (const { receiver } of people) await receiver.begin();

      const first = new Map<string, ChatClient>();
      const running = people.map(async ({ uid, receiver }, i) => {
        // The odd ones speak MQTT 3.1.1, which has no DISCONNECT from the server.
        await receiver.run((client) => first.set(uid, client));
        assert.equal((await first.get(uid)!.ending())?.reasonCode, i % 2 === 0 ? 0x9c : undefined);
        return receiver.run();
      });
      await until('receivers that are connected', () => first.size === receivers);
      const sender = new InsistentSender(cluster.user('sender', 1), {
        topics: uids.map((uid) => `send/u/${uid}`),
        window: 8,
        clientId: 'sender',
      });
      const sending = sender.run();
      await until('messages', () => sender.acknowledged.length > 100);

      const { code } = await stopping.petrel.stop();
      assert.equal(code, 0);
      const counted = sender.acknowledged.length;
      await until('more messages', () => sender.acknowledged.length > counted + 100);
      sender.finish();
      await sending;
      for (const { uid, receiver } of people) {
        const conv = directConv('sender', uid);
        const head = Math.max(
          ...sender.acknowledged.filter(({ topic }) => topic === `send/u/${uid}`).map(({ seq }) => seq!),
        );
        await until(`all events of ${uid}`, () => receiver.missing(conv, head).length === 0);
        assert.deepEqual(receiver.faults, []);
        assert.deepEqual(receiver.gaps, []);
      }
      assert.ok(staying.isUp);
      await cluster.stop();
      await Promise.allSettled(running);
    });
  }),
);

/** The even ones speak MQTT 5. */
function receiverOf(cluster: Cluster, uid: string): PersistentReceiver {
  const version = Number(uid.at(-1)) % 2 === 0 ? 5 : 4;
  return new PersistentReceiver(cluster.user(uid, 1), { version, clientId: 'phone' });
}
