import assert from 'node:assert/strict';
import process from 'node:process';
import { describe, it } from 'node:test';
import { withReal } from '../servers/not-available.ts';
import { findOwnRedis, startOwnRedis } from '../servers/redis.ts';
import type { ChatClient } from '../support/chat-client.ts';
import { twoNodes } from '../support/two-nodes.ts';
import { until } from '../support/until.ts';

const customTopics = JSON.stringify([{ match: 'news/#', allow: ['publish', 'subscribe'] }]);
const kept = { clientId: 'phone', clean: false, expiry: 600 };
const takenOver = 0x8e;

/** Nodes that share what sessions are, each with a timeline of its own. */
await withReal('redis', findOwnRedis, () =>
  describe('a session on two nodes', () => {
    const both = twoNodes(startOwnRedis, { PETREL_TOPICS_CUSTOM: customTopics });
    const { userOnBoth } = both;
    const reasonOfEnd = async (client: ChatClient): Promise<number | undefined> =>
      (await client.next('disconnect')).reasonCode;
    const news = async (client: ChatClient): Promise<string> =>
      (await client.next('publish', ({ topic }) => topic.startsWith('news/'))).payload.toString();

    it('goes with its client to the other node, and the older connection ends by 0x8E', async () => {
      const [bobA, bobB] = userOnBoth('bob');
      const [alice] = userOnBoth('alice');
      const atA = await bobA.connect(kept);
      const topic = `news/${bobA.uid}`;
      await atA.subscribe([{ topic, qos: 1 }]);
      const atB = await bobB.connect(kept);
      assert.equal(atB.connack.sessionPresent, true);
      assert.equal(await reasonOfEnd(atA), takenOver);
      const from = await alice.connect();
      assert.equal((await from.publish(topic, 'one')).reason, 0);
      assert.equal(await news(atB), 'one');
      await atB.disconnect();
      assert.equal((await from.publish(topic, 'two')).reason, 0);
      const back = await bobA.connect(kept);
      assert.equal(back.connack.sessionPresent, true);
      assert.equal(await news(back), 'two');
      await back.disconnect();
      await from.disconnect();
    });

    it('that ends with its connection is taken over as well', async () => {
      const [bobA, bobB] = userOnBoth('bob');
      const atA = await bobA.connect({ clientId: 'phone' });
      const atB = await bobB.connect({ clientId: 'phone' });
      assert.equal(await reasonOfEnd(atA), takenOver);
      assert.equal(atB.connack.sessionPresent, false);
      await atB.disconnect();
    });

    it('has one connection left of many that race for it, and is whole', async () => {
      const [bobA, bobB] = userOnBoth('bob');
      const first = await bobA.connect(kept);
      await first.subscribe([{ topic: `news/${bobA.uid}`, qos: 1 }]);
      const racers = await Promise.all(
        Array.from({ length: 16 }, (_, i) =>
          (i % 2 === 0 ? bobA : bobB).tryConnect(kept).catch(() => undefined),
        ),
      );
      const alive = () => racers.filter((client) => client?.isOpen === true && client.reason === 0);
      await until('one connection', () => alive().length === 1);
      assert.equal(first.isOpen, false);
      const [last] = alive();
      assert.equal((await last!.publish(`news/${bobA.uid}`, 'still there')).reason, 0);
      assert.equal(await news(last!), 'still there');
      await last!.disconnect();
      const calm = await bobB.connect(kept);
      assert.equal(calm.connack.sessionPresent, true);
      await calm.publish(`news/${bobA.uid}`, 'later');
      assert.equal(await news(calm), 'later');
      await calm.disconnect();
    });

    it('passes to the other node while its own is frozen, whose connection ends when it thaws', async () => {
      const [bobA, bobB] = userOnBoth('bob');
      const atA = await bobA.connect(kept);
      process.kill(both.nodes[0].pid, 'SIGSTOP');
      try {
        const atB = await bobB.connect(kept);
        assert.equal(atB.connack.sessionPresent, true);
        process.kill(both.nodes[0].pid, 'SIGCONT');
        assert.equal(await reasonOfEnd(atA), takenOver);
        const topic = `news/${bobA.uid}`;
        await atB.subscribe([{ topic, qos: 1 }]);
        await atB.publish(topic, 'mine');
        assert.equal(await news(atB), 'mine');
        await atB.disconnect();
      } finally {
        process.kill(both.nodes[0].pid, 'SIGCONT');
      }
    });

    it('can not be taken up while Redis is away, and connections stay', async () => {
      const [bobA] = userOnBoth('bob');
      const [carol] = userOnBoth('carol');
      const stays = await carol.connect(kept);
      both.redis.freeze();
      try {
        assert.equal((await bobA.tryConnect(kept)).reason, 0x88);
        stays.send({ cmd: 'pingreq' });
        await stays.next('pingresp');
      } finally {
        both.redis.thaw();
      }
      const client = await until('a CONNECT that is taken', async () => {
        const one = await bobA.tryConnect(kept);
        return one.reason === 0 ? one : undefined;
      });
      await client.disconnect();
      assert.ok(stays.isOpen);
      await stays.disconnect();
    });

    it('passes to the other node when its own was killed', async () => {
      const [bobA, bobB] = userOnBoth('bob');
      await bobA.connect(kept);
      await both.nodes[0].kill();
      const atB = await bobB.connect(kept);
      assert.equal(atB.connack.sessionPresent, true);
      await atB.disconnect();
    });
  }),
);
