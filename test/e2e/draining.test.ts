import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type ChatClient, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';

const refused = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1');
  const isRefused = await once(socket, 'connect').then(
    () => false,
    () => true,
  );
  socket.destroy();
  return isRefused;
};

describe('SIGTERM with mqtt.drainTime', () => {
  const petrel = new Petrel({ PETREL_MQTT_DRAIN_TIME: '2', PETREL_LOG_LEVEL: 'info' });
  const clients: ChatClient[] = [];
  before(async () => {
    await petrel.start();
    const alice = await petrel.user('alice');
    for (let i = 0; i < 20; i++)
      clients.push(await alice.connect({ clientId: `c-${i}`, version: i % 4 === 0 ? 4 : 5 }));
  });
  after(() => petrel.remove());

  it('moves clients off one by one, serves those that are left, takes no new ones', async () => {
    const { uid } = await petrel.user('bob');
    const [mqtt, http] = [petrel.port('mqtt'), petrel.url('http')];
    const acked = new Map<ChatClient, number>();
    const stopped = petrel.stop();
    await until('a listener that is closed', () => refused(mqtt));
    const health = await fetch(`${http}/readyz`);
    assert.equal(health.status, 503);
    assert.equal((await fetch(`${http}/healthz`)).status, 200);
    assert.equal((await fetch(`${http}/v1/me`)).status, 401);

    // Everyone writes on until the end; what is acknowledged is stored.
    const writing = clients.map(async (client, name) => {
      for (let i = 0; client.isOpen; i++) {
        const ack = await client
          .publish(`send/u/${uid}`, textMessage(`m-${name}-${i}`, 'hi'))
          .catch(() => undefined);
        if (ack?.reason === 0) acked.set(client, (acked.get(client) ?? 0) + 1);
      }
    });
    const openCounts = new Set<number>();
    const counting = setInterval(() => openCounts.add(clients.filter((one) => one.isOpen).length), 5);
    const endings = await Promise.all(clients.map((client) => client.ending()));
    clearInterval(counting);
    await Promise.all(writing);
    assert.equal((await stopped).code, 0);
    for (const [i, ending] of endings.entries())
      assert.equal(ending?.reasonCode, i % 4 === 0 ? undefined : 0x8b, `client ${i}`);
    assert.ok(openCounts.size > 3, `only ${[...openCounts]} were open at a time`);

    const sent = [...acked.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(sent > 0);
    await petrel.start();
    const history = await petrel.known(uid).api.get(`/conversations`);
    const [{ head }] = (history.body as { items: [{ head: { seq: number } }] }).items;
    assert.ok(head.seq >= sent, `${sent} acknowledged, ${head.seq} stored`);
  });

  it('ends at once at a second signal', async () => {
    await (await petrel.user('carol')).connect();
    const first = petrel.stop();
    await until('a listener that is closed', () => refused(petrel.port('mqtt')));
    const second = await petrel.stop();
    assert.deepEqual([(await first).code, second.code], [1, 1]);
  });
});
