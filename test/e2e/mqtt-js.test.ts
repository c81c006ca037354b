import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import type { IPubackPacket, IPublishPacket } from 'mqtt-packet';
import { directConv, type EventDocument } from '../../schemas/event.ts';
import { textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import type { User } from '../support/user.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

const connected: MqttClient[] = [];
afterEach(async () => {
  for (const client of connected.splice(0)) await client.endAsync(true);
});

interface Messages {
  readonly client: MqttClient;
  readonly events: EventDocument[];
}

/** MQTT.js as an application uses it: connect, listen to messages, publish. */
async function open(user: User, url: string, options: IClientOptions = {}): Promise<Messages> {
  const client = await connectAsync(url, {
    username: user.uid,
    password: user.token,
    reconnectPeriod: 50,
    ...options,
  });
  connected.push(client);
  const events: EventDocument[] = [];
  client.on('message', (topic, payload) => {
    if (/^[ug]\//.test(topic)) events.push(JSON.parse(payload.toString()));
  });
  return { client, events };
}

describe('two MQTT.js clients', () => {
  for (const protocolVersion of [4, 5] as const)
    for (const scheme of ['mqtt', 'ws'] as const)
      it(`chat in both directions by MQTT ${protocolVersion === 5 ? '5' : '3.1.1'} over ${scheme}`, async () => {
        const [alice, bob] = await petrel.users('alice', 'bob');
        const url = petrel.url(scheme);
        const a = await open(alice, url, { protocolVersion });
        const b = await open(bob, url, { protocolVersion });
        for (const qos of [0, 1, 2] as const) {
          await a.client.publishAsync(`send/u/${bob.uid}`, `to bob ${qos}`, { qos });
          await until('the message', () => b.events.length === 2 * qos + 1);
          await b.client.publishAsync(`send/u/${alice.uid}`, `to alice ${qos}`, { qos });
          await until('the answer', () => a.events.length === 2 * qos + 2);
        }
        const conv = directConv(alice.uid, bob.uid);
        await until('the last echo', () => b.events.length === 6);
        for (const { events } of [a, b])
          assert.deepEqual(
            events.map((event) => [event.conv, event.seq, event.body?.text]),
            ['to bob 0', 'to alice 0', 'to bob 1', 'to alice 1', 'to bob 2', 'to alice 2'].map((text, i) => [
              conv,
              i + 1,
              text,
            ]),
          );
      });

  it('find conv, seq and ts in the PUBACK, and the reason of a refusal', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const { client } = await open(alice, petrel.url('mqtt'), { protocolVersion: 5 });
    const acks: IPubackPacket[] = [];
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'puback') acks.push(packet);
    });
    await client.publishAsync(`send/u/${bob.uid}`, 'hi', { qos: 1 });
    const { conv, seq, ts } = acks[0]?.properties?.userProperties ?? {};
    assert.deepEqual([conv, seq], [directConv(alice.uid, bob.uid), '1']);
    assert.match(String(ts), /^\d+$/);
    await assert.rejects(client.publishAsync('send/u/nobody', 'hi', { qos: 1 }));
  });

  it('ask for operations by request and response', async () => {
    const alice = await petrel.user('alice');
    const { client } = await open(alice, petrel.url('ws'), { protocolVersion: 5 });
    const answers: IPublishPacket[] = [];
    client.on('message', (_topic, _payload, packet) => answers.push(packet));
    await client.publishAsync('req/me.get', '{}', {
      qos: 1,
      properties: { responseTopic: 'res/mine/7', correlationData: Buffer.from([1, 2, 3]) },
    });
    const [answer] = await until('the answer', () => (answers.length > 0 ? answers : undefined));
    assert.equal(answer?.topic, 'res/mine/7');
    assert.deepEqual(answer.properties?.correlationData, Buffer.from([1, 2, 3]));
    const { ok, data } = JSON.parse(answer.payload.toString());
    assert.deepEqual([ok, data.uid], [true, alice.uid]);
  });

  it('lose nothing over a kill and a restart of the server: they reconnect and resend by themselves', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    petrel.keepPorts();
    const url = petrel.url('mqtt');
    const options = {
      protocolVersion: 5 as const,
      clean: false,
      clientId: 'phone',
      properties: { sessionExpiryInterval: 600 },
    };
    const [a, b] = [await open(alice, url, options), await open(bob, url, options)];
    const ids = Array.from({ length: 300 }, (_, i) => `c-${i}`);
    const publish = (id: string) =>
      a.client.publishAsync(`send/u/${bob.uid}`, JSON.stringify(textMessage(id, id)), { qos: 1 });
    const half = ids.slice(0, 150).map(publish);
    await Promise.race(half);
    await petrel.kill();
    const rest = ids.slice(150).map(publish);
    await petrel.start();
    await Promise.all([...half, ...rest]);
    const distinct = () => new Map(b.events.map((event) => [event.seq, event.id]));
    await until('all messages', () => distinct().size === ids.length);
    assert.deepEqual(new Set(distinct().values()), new Set(ids));
  });
});
