import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import type { Credentials } from '../../../sdk/auth/credentials.ts';
import { ClientError } from '../../../sdk/errors.ts';
import { dial } from '../../../sdk/transport/mqtt.ts';
import { dial as dialInBrowser } from '../../../sdk/transport/mqtt-browser.ts';
import { startProxy, type TcpProxy } from '../../servers/proxy.ts';
import { Petrel } from '../../support/petrel.ts';
import { mint } from '../../support/token.ts';
import { until } from '../../support/until.ts';
import type { User } from '../../support/user.ts';
import { constant, Line } from './line.ts';

// Node has none of its own in all versions; this one is as in a browser.
Object.assign(globalThis, { WebSocket });

const withCode =
  (code: string, retryable = false) =>
  (error: unknown) =>
    error instanceof ClientError && error.code === code && error.retryable === retryable;

const forms = [
  { name: 'Node, TCP', dial, scheme: 'mqtt', path: '' },
  { name: 'Node, WebSocket', dial, scheme: 'ws', path: '/mqtt' },
  { name: 'browsers, WebSocket', dial: dialInBrowser, scheme: 'ws', path: '/mqtt' },
] as const;

for (const form of forms)
  describe(`connection: ${form.name}`, () => {
    const petrel = new Petrel({
      PETREL_TOPICS_CUSTOM: JSON.stringify([{ match: 'own/#', allow: ['publish', 'subscribe'] }]),
      PETREL_MQTT_RECEIVE_MAXIMUM: '20',
      PETREL_MQTT_MAX_PACKET_SIZE: '20000',
    });
    const lines: Line[] = [];
    let proxy: TcpProxy;
    before(async () => {
      await petrel.start();
      proxy = await startProxy(petrel.port(form.scheme === 'mqtt' ? 'mqtt' : 'http'));
    });
    after(async () => {
      await proxy.close();
      await petrel.remove();
    });
    afterEach(async () => {
      for (const line of lines.splice(0)) await line.connection.stop();
      proxy.heal();
    });

    const line = (user: User, options: Partial<ConstructorParameters<typeof Line>[0]> = {}): Line => {
      const url = `${form.scheme}://127.0.0.1:${proxy.port}${form.path}`;
      const made = new Line({ dial: form.dial, url, credentials: constant(user.token), ...options });
      lines.push(made);
      return made;
    };

    it('tells where a message was stored, and that it was stored before', async () => {
      const alice = await petrel.user('alice');
      const own = await line(alice).online();
      const conv = `u:${alice.uid}:${alice.uid}`;
      const { ts, ...first } = await own.say(alice.uid, 'one', 'c-1');
      assert.deepEqual(first, { conv, seq: '1' });
      assert.deepEqual(await own.say(alice.uid, 'one', 'c-1'), { conv, seq: '1', ts, dup: '1' });
      await until('the event', () => own.texts.length === 1);
      await own.connection.publish(`typing/u/${alice.uid}`, '{"on":true}', { qos: 0 });
    });

    it('rejects with the code of the server', async () => {
      const [alice, bob] = await petrel.users('alice', 'bob');
      await bob.api.put(`/blocks/${alice.uid}`);
      const own = await line(alice).online();
      await assert.rejects(own.say(bob.uid, 'hi'), withCode('send.blocked'));
      await assert.rejects(own.say('nobody', 'hi'), withCode('user.not-found'));
      await assert.rejects(own.connection.publish(`send/u/${alice.uid}`, '{'), withCode('payload.invalid'));
      await assert.rejects(own.connection.publish('custom/topic', 'x'), withCode('topic.forbidden'));
      await assert.rejects(own.connection.subscribe('g/none'), withCode('topic.forbidden'));
      await assert.rejects(own.connection.subscribe('a/#/b'), withCode('topic.invalid'));
      await assert.rejects(own.say(alice.uid, 'x'.repeat(20_000)), withCode('send.too-large'));
      assert.equal(own.connects, 1);
    });

    it('sends in order, with no more under way than the server takes', async () => {
      const alice = await petrel.user('alice');
      const own = await line(alice).online();
      const places = await Promise.all(Array.from({ length: 150 }, (_, i) => own.say(alice.uid, `${i}`)));
      assert.deepEqual(
        places.map(({ seq }) => Number(seq)),
        places.map((_, i) => i + 1),
      );
      assert.equal(own.connects, 1);
    });

    it('subscribes, and stops', async () => {
      const alice = await petrel.user('alice');
      const own = await line(alice).online();
      await own.connection.subscribe('own/a');
      await own.connection.publish('own/a', '{}');
      await until('the message', () => own.topics.includes('own/a'));
      await own.connection.unsubscribe('own/a');
      await own.connection.publish('own/a', '{}');
      await own.say(alice.uid, 'after it');
      await until('what came after', () => own.texts.length === 1);
      assert.equal(own.topics.filter((topic) => topic === 'own/a').length, 1);
    });

    it('rejects what it cannot send now, also what was under way when the connection was cut', async () => {
      const alice = await petrel.user('alice');
      const own = line(alice);
      await assert.rejects(own.say(alice.uid, 'too early'), withCode('client.offline', true));
      await own.online();
      proxy.swallow();
      const lost = own.say(alice.uid, 'lost');
      const subscription = own.connection.subscribe('own/a');
      proxy.heal();
      proxy.cut();
      await assert.rejects(lost, withCode('client.offline', true));
      await assert.rejects(subscription, withCode('client.offline', true));
      await own.again(2);
      await own.say(alice.uid, 'later');
      await until('the later one', () => own.texts.length > 0);
      assert.deepEqual(own.texts, ['later']);
    });

    it('gets what came while it was away, in order', async () => {
      const [alice, bob] = await petrel.users('alice', 'bob');
      const own = await line(alice).online();
      await own.connection.stop();
      const other = await bob.connect();
      for (let i = 0; i < 60; i++)
        await other.publish(`send/u/${alice.uid}`, { id: `${i}`, type: 'text', body: { text: `${i}` } });
      await own.online();
      await until('all of it', () => own.texts.length >= 60);
      assert.deepEqual(
        own.texts,
        Array.from({ length: 60 }, (_, i) => `${i}`),
      );
    });

    it('acknowledges when its handler is done, not before, and hands on what comes meanwhile', async () => {
      const [alice, bob] = await petrel.users('alice', 'bob');
      const own = line(alice);
      let open: () => void = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      let begun = 0;
      own.gate = () => {
        begun++;
        return gate;
      };
      await own.online();
      const other = await bob.connect();
      for (const text of ['one', 'two', 'three'])
        await other.publish(`send/u/${alice.uid}`, { id: text, type: 'text', body: { text } });
      await until('all three', () => begun >= 3);
      // An answer from behind them in the same stream is not held up.
      await own.connection.publish('own/a', '{}');
      const delivered = async () =>
        (
          await bob.api.get<{ delivered: string[] }>(
            `/conversations/u:${alice.uid}:${bob.uid}/messages/3/receipts`,
          )
        ).body.delivered;
      assert.deepEqual(await delivered(), []);
      open();
      await until('its delivery', async () => (await delivered()).includes(alice.uid));
      assert.deepEqual(own.texts, ['one', 'two', 'three']);
    });

    it('gets again what its handler failed on', async () => {
      const [alice, bob] = await petrel.users('alice', 'bob');
      const own = line(alice);
      let failures = 0;
      own.gate = async () => {
        if (failures++ === 0) throw new Error('no room');
      };
      await own.online();
      const other = await bob.connect();
      await other.publish(`send/u/${alice.uid}`, { id: 'a', type: 'text', body: { text: 'a' } });
      await until('the second time', () => own.texts.length > 0);
      assert.deepEqual([own.texts, own.connects, own.errors.length], [['a'], 2, 1]);
    });

    it('finds out that the other side is gone, and comes back', async () => {
      const alice = await petrel.user('alice');
      const own = await line(alice, { answerMs: 200 }).online();
      proxy.swallow();
      own.connection.reconnect();
      await until('the loss', () => own.connection.state.value !== 'online');
      proxy.heal();
      own.connection.reconnect();
      await own.again(2);
    });

    it('gives up a try that hangs where it is asked to', async () => {
      const alice = await petrel.user('alice');
      const own = line(alice);
      proxy.swallow();
      const before = proxy.count;
      own.connection.start();
      await until('the try', () => proxy.count > before);
      proxy.heal();
      await until('the next one', () => {
        own.connection.reconnect();
        return own.connection.state.value === 'online';
      });
    });

    it('finds out by itself by the keep alive', async () => {
      const alice = await petrel.user('alice');
      const own = await line(alice, { keepaliveSeconds: 1, answerMs: 200 }).online();
      proxy.swallowOne(proxy.count - 1);
      await own.again(2);
    });

    it('asks for another token where one is refused, and leaves it at that when there is none', async () => {
      const alice = await petrel.user('alice');
      const bad = mint({ sub: alice.uid }, { key: 'another secret' });
      const refusals: string[] = [];
      const left = [bad, alice.token];
      const credentials: Credentials = {
        ...constant(''),
        token: async () => {
          const token = left[0];
          if (token === undefined) throw new ClientError('client.signed-out', 'Nobody is signed in.');
          return token;
        },
        refused(token) {
          refusals.push(token);
          left.shift();
        },
      };
      const own = await line(alice, { credentials }).online();
      assert.deepEqual(refusals, [bad]);
      // Ended as by an operator: the next try tells whether the sign-in holds.
      const admin = petrel.known('operator', { scope: 'admin' });
      await admin.api.post(`/admin/users/${alice.uid}/kick`, {});
      await until('the end', () => own.connection.state.value === 'off');
      assert.deepEqual(refusals, [bad, alice.token]);
    });

    it('does not fight one that took over, until it is asked to', async () => {
      const alice = await petrel.user('alice');
      const [first, second] = [line(alice), line(alice)];
      await first.online();
      await second.online();
      await until('the takeover', () => first.connection.state.value === 'offline');
      assert.ok(withCode('client.taken-over')(first.errors[0]));
      assert.equal(second.connection.state.value, 'online');
      first.connection.reconnect();
      await first.again(2);
      await until('the takeover back', () => second.connection.state.value === 'offline');
    });

    it('says its will when the connection breaks, and not when it is stopped', async () => {
      const alice = await petrel.user('alice');
      const will = { topic: `send/u/${alice.uid}`, payload: 'gone', qos: 1 } as const;
      const other = await alice.connect({ clientId: 'other' });
      const own = await line(alice, { will }).online();
      await own.connection.stop();
      await own.online();
      proxy.cut();
      const event = await other.event();
      assert.deepEqual([event.seq, event.body], [1, { text: 'gone' }]);
    });
  });

describe('a connection with a limit', () => {
  const petrel = new Petrel({ PETREL_LIMITS_SEND_PER_SECOND: '5', PETREL_LIMITS_SEND_BURST: '5' });
  before(() => petrel.start());
  after(() => petrel.remove());

  it('says how long to wait where it sends too fast', async () => {
    const alice = await petrel.user('alice');
    const own = new Line({ url: petrel.url('mqtt'), credentials: constant(alice.token) });
    await own.online();
    const answers = await Promise.allSettled(
      Array.from({ length: 100 }, (_, i) => own.say(alice.uid, `${i}`)),
    );
    const refused = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason as ClientError] : []));
    assert.ok(refused.length > 0);
    for (const error of refused) assert.ok(withCode('send.rate', true)(error) && (error.retryAfter ?? 0) > 0);
    await own.connection.stop();
  });
});

describe('a connection to a server that goes', () => {
  const petrel = new Petrel();
  before(async () => {
    await petrel.start();
    petrel.keepPorts();
  });
  after(() => petrel.remove());

  it('comes back by itself, where it was killed and where it was stopped, and nothing is sent twice', async () => {
    const alice = await petrel.user('alice');
    const own = new Line({ url: petrel.url('ws'), credentials: constant(alice.token) });
    await own.online();
    const { seq } = await own.say(alice.uid, 'before', 'c-1');
    await petrel.kill();
    await until('the loss', () => own.connection.state.value !== 'online');
    await petrel.start();
    await own.again(2);
    const repeated = await own.say(alice.uid, 'before', 'c-1');
    assert.deepEqual([repeated.seq, repeated.dup], [seq, '1']);
    await petrel.stop();
    await petrel.start();
    await own.again(3);
    assert.equal((await own.say(alice.uid, 'after')).seq, '2');
    await own.connection.stop();
  });
});
