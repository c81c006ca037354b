import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { ChatClient, ConnectOptions } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import type { User } from '../support/user.ts';

const petrel = new Petrel({
  PETREL_TOPICS_CUSTOM: JSON.stringify([{ match: '#', allow: ['publish', 'subscribe'] }]),
});
before(() => petrel.start());
after(() => petrel.remove());

describe('a will', () => {
  let alice: User;
  let watcher: ChatClient;
  beforeEach(async () => {
    alice = await petrel.user('alice');
    watcher = await alice.connect();
    await watcher.subscribe([`wills/${alice.uid}/#`]);
  });

  const will = (name: string, delaySeconds: number): ConnectOptions['will'] => ({
    topic: `wills/${alice.uid}/${name}`,
    payload: Buffer.from('gone'),
    qos: 1,
    retain: false,
    properties: { willDelayInterval: delaySeconds, contentType: 'text/plain' },
  });

  const kept = (name: string, delaySeconds: number): ConnectOptions => ({
    clientId: name,
    clean: false,
    expiry: 600,
    will: will(name, delaySeconds),
  });

  /** The name of the next will. */
  const next = async (): Promise<string> => (await watcher.delivery()).topic.split('/')[2]!;

  it('is sent with its properties when the connection breaks, without its delay', async () => {
    await (await alice.connect({ will: will('broken', 0) })).drop();
    const { topic, payload, qos, properties } = await watcher.delivery();
    assert.deepEqual([topic, payload.toString(), qos], [`wills/${alice.uid}/broken`, 'gone', 1]);
    assert.equal(properties?.contentType, 'text/plain');
    assert.equal((properties as Record<string, unknown>).willDelayInterval, undefined);
  });

  it('is sent on DISCONNECT 0x04 and not on DISCONNECT 0x00 [MQTT-3.14.4-3]', async () => {
    const [quiet, loud] = [
      await alice.connect({ will: will('quiet', 0) }),
      await alice.connect({ will: will('loud', 0) }),
    ];
    await quiet.disconnect();
    loud.send({ cmd: 'disconnect', reasonCode: 4 });
    assert.equal(await next(), 'loud');
    assert.deepEqual(await watcher.undelivered(), []);
  });

  it('is sent when another connection takes the session over', async () => {
    const old = await alice.connect(kept('moved', 0));
    const newer = await alice.connect(kept('moved', 0));
    assert.equal((await old.ending())?.reasonCode, 0x8e);
    assert.equal(newer.connack.sessionPresent, true);
    assert.equal(await next(), 'moved');
  });

  it('with a delay is not sent where its session is taken up in time [MQTT-3.1.3-9]', async () => {
    const back = await alice.connect(kept('back', 1));
    const away = await alice.connect(kept('away', 1));
    await back.drop();
    await alice.connect(kept('back', 1));
    await away.drop();
    assert.equal(await next(), 'away');
    assert.deepEqual(await watcher.undelivered(), []);
  });

  it('with a delay is sent when its session ends, by Clean Start or by its expiry', async () => {
    await (await alice.connect(kept('anew', 3600))).drop();
    await alice.connect({ clientId: 'anew', clean: true });
    assert.equal(await next(), 'anew');
    await (await alice.connect({ ...kept('short', 3600), expiry: 1 })).drop();
    assert.equal(await next(), 'short');
    await (await alice.connect({ will: will('none', 3600) })).drop();
    assert.equal(await next(), 'none');
  });
});

describe('after a kill -9 that follows the CONNACK at once', () => {
  const server = new Petrel();
  before(() => server.start());
  after(() => server.remove());

  it('wills are sent at the next start, once', async () => {
    const users = await server.users('a', 'b', 'c', 'd');
    const bob = await server.user('bob');
    const willOf = (uid: string) => ({
      topic: `send/u/${bob.uid}`,
      payload: Buffer.from(JSON.stringify({ id: `will-${uid}`, type: 'text', body: { text: 'gone' } })),
      qos: 1 as const,
      retain: false,
    });
    await (await bob.connect({ clientId: 'kept', clean: false, expiry: 600 })).disconnect();
    await Promise.all(users.map((user) => user.connect({ will: willOf(user.uid) })));
    await server.kill();
    await server.start();
    const again = await bob.connect({ clientId: 'kept', clean: false, expiry: 600 });
    const events = await again.events(users.length);
    assert.deepEqual(events.map(({ from }) => from).sort(), users.map(({ uid }) => uid).sort());
    await server.kill();
    await server.start();
    assert.deepEqual(await (await bob.connect()).undelivered(), []);
  });
});
