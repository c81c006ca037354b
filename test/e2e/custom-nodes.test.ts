import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, type IClientOptions, type IConnackPacket, type MqttClient } from 'mqtt';
import { withReal } from '../servers/not-available.ts';
import { findRedis, startRedis } from '../servers/redis.ts';
import type { Petrel } from '../support/petrel.ts';
import { mint } from '../support/token.ts';
import { twoNodes } from '../support/two-nodes.ts';
import { until, within } from '../support/until.ts';

const rules = [{ match: '#', allow: ['publish', 'subscribe'] }];

interface Client {
  readonly mqtt: MqttClient;
  readonly got: string[];
  readonly sessionPresent: boolean;
}

/** An MQTT.js client with a session of ten minutes, which does not come back by itself. */
async function open(
  node: Petrel,
  uid: string,
  clientId: string,
  options: IClientOptions = {},
): Promise<Client> {
  const mqtt = connect(node.url('mqtt'), {
    ...{ protocolVersion: 5, username: uid, password: mint({ sub: uid }), clientId },
    ...{ reconnectPeriod: 0, clean: false, properties: { sessionExpiryInterval: 600 } },
    ...options,
  });
  const got: string[] = [];
  mqtt.on('message', (_topic, payload) => got.push(`${payload}`));
  const { sessionPresent } = await within(
    'CONNACK',
    new Promise<IConnackPacket>((resolve, reject) => {
      mqtt.once('connect', resolve);
      mqtt.once('error', reject);
    }),
  );
  mqtt.on('error', () => {});
  return { mqtt, got, sessionPresent };
}

await withReal('redis', findRedis, () =>
  describe('custom topics of two servers on one Redis', () => {
    const both = twoNodes(startRedis, { PETREL_TOPICS_CUSTOM: JSON.stringify(rules) });

    it('answer a SUBSCRIBE of several filters on a persistent session, each filter for itself', async () => {
      const { mqtt } = await open(both.nodes[0], 'ann', 'several');
      const granted = await within(
        'SUBACK',
        mqtt.subscribeAsync({ 'm/#': { qos: 2 }, 'm/+/x': { qos: 1 }, 'g/none': { qos: 1 }, o: { qos: 0 } }),
      ).catch((error: unknown) => error);
      assert.ok(granted instanceof Error, 'one of them was refused');
      const writer = await open(both.nodes[1], 'writer', 'several');
      const got: string[] = [];
      mqtt.on('message', (_topic, payload) => got.push(`${payload}`));
      for (const [topic, payload] of [
        ['m/1/x', '1'],
        ['o', '2'],
        ['m', '3'],
      ] as const)
        await writer.mqtt.publishAsync(topic, payload, { qos: 1 });
      await until('all granted ones', () => got.length === 3);
      assert.deepEqual(got.sort(), ['1', '2', '3']);
      await Promise.all([mqtt.endAsync(), writer.mqtt.endAsync()]);
    });

    it('let a session go from one to the other with its queue, its subscriptions and its place', async () => {
      const bob = await open(both.nodes[0], 'bob', 'phone');
      await bob.mqtt.subscribeAsync('t/#', { qos: 2 });
      const writer = await open(both.nodes[1], 'writer', 'phone');
      await writer.mqtt.publishAsync('t/1', '0', { qos: 1 });
      await until('the first', () => bob.got.length === 1);
      await bob.mqtt.endAsync();
      for (const payload of ['1', '2', '3']) await writer.mqtt.publishAsync('t/2', payload, { qos: 2 });
      const again = await open(both.nodes[1], 'bob', 'phone');
      assert.equal(again.sessionPresent, true);
      await until('what waited', () => again.got.length >= 3);
      // Taken over while it is connected.
      const third = await open(both.nodes[0], 'bob', 'phone');
      await until('the end of the older connection', () => !again.mqtt.connected);
      await writer.mqtt.publishAsync('t/3', '4', { qos: 1 });
      await until('the last', () => third.got.includes('4'));
      assert.deepEqual([...again.got, ...third.got], ['1', '2', '3', '4']);
      await Promise.all([third.mqtt.endAsync(), writer.mqtt.endAsync()]);
    });

    it('leave one connection where a client id connects to both at once, and lose nothing', async () => {
      const writer = await open(both.nodes[1], 'writer', 'race');
      const first = await open(both.nodes[0], 'eve', 'race');
      await first.mqtt.subscribeAsync('r', { qos: 1 });
      await first.mqtt.endAsync();
      const got = new Set<string>();
      for (let round = 0; round < 5; round++) {
        const racing = await Promise.allSettled(both.nodes.map((node) => open(node, 'eve', 'race')));
        const clients = racing.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
        assert.ok(clients.length > 0);
        await until('one connection', () => clients.filter(({ mqtt }) => mqtt.connected).length === 1);
        await writer.mqtt.publishAsync('r', `${round}`, { qos: 1 });
        await until('the message', () => clients.some((client) => client.got.includes(`${round}`)));
        for (const client of clients) for (const one of client.got) got.add(one);
        await Promise.all(clients.map(({ mqtt }) => mqtt.endAsync(true)));
      }
      assert.deepEqual([...got].sort(), ['0', '1', '2', '3', '4']);
      await writer.mqtt.endAsync();
    });

    it('send the will of a client whose server died, once; sessions and their expiry outlive all servers', async () => {
      const watcher = await open(both.nodes[1], 'watcher', 'watcher');
      await watcher.mqtt.subscribeAsync('wills', { qos: 1 });
      const will = { topic: 'wills', payload: Buffer.from('gone'), qos: 1 } as const;
      const mortal = await open(both.nodes[0], 'mortal', 'mortal', { will });
      await mortal.mqtt.subscribeAsync('kept', { qos: 1 });
      await both.nodes[0].kill();
      await until('the will', () => watcher.got.length > 0, 30_000);
      await watcher.mqtt.publishAsync('kept', 'while away', { qos: 1, retain: true });
      await both.nodes[1].kill();
      await Promise.all(both.nodes.map((node) => node.start()));
      const again = await open(both.nodes[1], 'mortal', 'mortal');
      assert.equal(again.sessionPresent, true);
      await until('what waited', () => again.got.length > 0);
      assert.deepEqual(again.got, ['while away']);
      const back = await open(both.nodes[0], 'watcher', 'watcher');
      await back.mqtt.publishAsync('wills', 'end', { qos: 1 });
      await until('the end', () => back.got.includes('end'));
      assert.deepEqual([...new Set([...watcher.got, ...back.got])], ['gone', 'end']);
      assert.equal([...watcher.got].length, 1);
      await Promise.all([again.mqtt.endAsync(), back.mqtt.endAsync()]);
    });
  }),
);
