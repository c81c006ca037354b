import assert from 'node:assert/strict';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { ChatClient } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { Seeded } from '../support/seeded.ts';
import { until, within } from '../support/until.ts';
import type { User } from '../support/user.ts';

const petrel = new Petrel({
  PETREL_TOPICS_CUSTOM: JSON.stringify([{ match: '#', allow: ['publish', 'subscribe'] }]),
});
before(() => petrel.start());
after(() => petrel.remove());

const kept = (clientId: string) => ({ clientId, clean: false, expiry: 3600 });
const rounds = 6;

/** Publishes numbers at QoS 1, several at a time, until its connection ends; remembers which were acknowledged. */
class Counter {
  readonly acknowledged: number[] = [];
  readonly #user: User;
  readonly #topic: string;
  #last = 0;

  constructor(user: User, topic: string) {
    this.#user = user;
    this.#topic = topic;
  }

  /** At most `count` of them. */
  async run(count: number, window: number): Promise<void> {
    const client = await this.#user.connect();
    const waiting = new Map<number, number>();
    for (let left = count; left > 0 || waiting.size > 0; ) {
      for (; left > 0 && waiting.size < window; left--)
        waiting.set(client.post(this.#topic, `${++this.#last}`), this.#last);
      const ack = await client.next('puback').catch(() => undefined);
      if (ack === undefined) return;
      assert.ok((ack.reasonCode ?? 0) < 0x80, `refused with ${ack.reasonCode}`);
      this.acknowledged.push(waiting.get(ack.messageId!)!);
      waiting.delete(ack.messageId!);
    }
    await client.drop();
  }
}

/** What a persistent session was sent, by topic. */
class Listener {
  readonly heard = new Map<string, number[]>();
  readonly #user: User;
  readonly #clientId: string;

  constructor(user: User, clientId: string) {
    this.#user = user;
    this.#clientId = clientId;
  }

  connect(): Promise<ChatClient> {
    return this.#user.connect(kept(this.#clientId));
  }

  /** Takes what comes until the connection ends. */
  async listen(client: ChatClient): Promise<void> {
    for (;;) {
      const packet = await client.next('publish', () => true, 3_600_000).catch(() => undefined);
      if (packet === undefined) return;
      const numbers = this.heard.get(packet.topic) ?? [];
      this.heard.set(packet.topic, numbers);
      const number = Number(packet.payload.toString());
      // A repeat says so, or comes where an acknowledgement was not written any more.
      if (!numbers.includes(number)) numbers.push(number);
    }
  }

  missing(topic: string, numbers: readonly number[]): number[] {
    const heard = new Set(this.heard.get(topic));
    return numbers.filter((number) => !heard.has(number));
  }
}

describe('kill -9', () => {
  it('loses no acknowledged message for a session that is away, nor what is retained', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const away = await bob.connect(kept('away'));
    await away.subscribe(['crash/#']);
    await away.disconnect();
    const from = await alice.connect();
    await from.publish('kept/a', 'retained', 1, { retain: true });
    const ids = Array.from({ length: 120 }, (_, i) => from.post(`crash/${i % 3}`, `${i}`));
    for (const id of ids) assert.equal((await from.acked(id)).reason, 0);
    await petrel.kill();
    await petrel.start();
    const again = await bob.connect(kept('away'));
    assert.equal(again.connack.sessionPresent, true);
    for (let i = 0; i < 120; i++) {
      const { topic, payload, dup } = await again.delivery();
      assert.deepEqual([topic, payload.toString(), dup], [`crash/${i % 3}`, `${i}`, false]);
    }
    const other = await alice.connect();
    await other.subscribe(['kept/+']);
    const { payload, retain } = await other.delivery();
    assert.deepEqual([payload.toString(), retain], ['retained', true]);
    assert.equal((await other.publish('crash/0', 'live')).reason, 0);
    assert.equal((await again.delivery()).payload.toString(), 'live');
  });

  it('has what was not acknowledged sent again with DUP under its packet id, and PUBREL after PUBREC', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const options = { ...kept('slow'), acknowledges: false, receiveMaximum: 3 };
    const slow = await bob.connect(options);
    await slow.subscribe([{ topic: 'flight/#', qos: 2 }]);
    const from = await alice.connect();
    for (const [payload, qos] of [
      ['a', 1],
      ['b', 2],
      ['c', 2],
      ['d', 1],
    ] as const)
      assert.equal((await from.publish('flight/x', payload, qos)).reason, 0);
    const sent = [await slow.delivery(), await slow.delivery(), await slow.delivery()];
    slow.send({ cmd: 'pubrec', messageId: sent[1]!.messageId! });
    await slow.next('pubrel');
    await petrel.kill();
    await petrel.start();
    const again = await bob.connect(options);
    const seen: unknown[] = [];
    for (const cmd of ['publish', 'pubrel', 'publish'] as const) {
      const packet = await again.next(cmd);
      seen.push([cmd, packet.messageId, packet.cmd === 'publish' && [packet.dup, `${packet.payload}`]]);
    }
    assert.deepEqual(seen, [
      ['publish', sent[0]!.messageId, [true, 'a']],
      ['pubrel', sent[1]!.messageId, false],
      ['publish', sent[2]!.messageId, [true, 'c']],
    ]);
    again.send({ cmd: 'puback', messageId: sent[0]!.messageId! });
    const last = await again.delivery();
    assert.deepEqual([`${last.payload}`, last.dup], ['d', false]);
  });

  it('sends the wills of those who were connected, after their delay, unless they come back', async () => {
    const [alice, bob, carol, dora] = await petrel.users('alice', 'bob', 'carol', 'dora');
    const heir = await bob.connect(kept('heir'));
    await heir.subscribe(['wills/#']);
    await heir.disconnect();
    const will = (name: string, willDelayInterval = 0) => ({
      ...kept('w'),
      will: {
        ...{ topic: `wills/${name}`, payload: Buffer.from(name), qos: 1 as const, retain: false },
        properties: { willDelayInterval, contentType: name },
      },
    });
    const gone = await carol.connect(will('gone'));
    await gone.disconnect();
    await alice.connect(will('died'));
    await dora.connect({ ...will('delayed', 2) });
    await carol.connect(will('back', 3600));
    // What is stored after them is stored with them.
    const from = await alice.connect();
    await from.publish('wills/last', 'last', 1);
    await petrel.kill();
    await petrel.start();
    await carol.connect(kept('w'));
    const again = await bob.connect(kept('heir'));
    const seen = [await again.delivery(), await again.delivery(), await again.delivery()];
    assert.deepEqual(
      seen.map(({ payload, properties }) => [payload.toString(), properties?.contentType]),
      [
        ['last', undefined],
        ['died', 'died'],
        ['delayed', 'delayed'],
      ],
    );
    await petrel.kill();
    await petrel.start();
    const third = await bob.connect(kept('heir'));
    const left = await third.undelivered();
    assert.ok(!left.includes('wills/back') && !left.includes('wills/gone'), left.join());
  });

  it('at random moments loses no acknowledged message, for sessions that are there and that are not', async (t) => {
    const seed = Number(process.env.TEST_CRASH_SEED ?? Date.now() % 1_000_000);
    t.diagnostic(`TEST_CRASH_SEED=${seed}`);
    const random = new Seeded(seed);
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const listeners = [new Listener(bob, 'present'), new Listener(carol, 'absent')];
    for (const listener of listeners) {
      const client = await listener.connect();
      await client.subscribe(['loop/#']);
      await client.disconnect();
    }
    const topics = ['loop/a', 'loop/b'];
    const counters = topics.map((topic) => new Counter(alice, topic));
    const total = () => counters.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
    for (let round = 1; round <= rounds; round++) {
      // The second one is away in every other round.
      const present = listeners.slice(0, 1 + (round % 2));
      const listening = [];
      for (const listener of present) listening.push(listener.listen(await listener.connect()));
      const goal = total() + random.between(1, 300);
      const counting = counters.map((counter) => counter.run(400, 1 + round * 4));
      await until('acknowledgements', () => total() >= goal, 30_000);
      await setTimeout(random.between(0, 20));
      await petrel.kill();
      await within('the end of the connections', Promise.all([...listening, ...counting]));
      await petrel.start();
    }
    for (const listener of listeners) {
      const client = await listener.connect();
      const listening = listener.listen(client);
      const missing = () => topics.map((topic, i) => listener.missing(topic, counters[i]!.acknowledged));
      await until('all', () => missing().flat().length === 0, 20_000).catch(() => undefined);
      assert.deepEqual(missing(), [[], []]);
      for (const [topic, numbers] of listener.heard)
        assert.deepEqual(
          numbers,
          [...numbers].sort((a, b) => a - b),
          `the order of ${topic}`,
        );
      await client.disconnect();
      await listening;
    }
    t.diagnostic(`${rounds} kills, ${total()} acknowledged`);
  });
});

describe('a server that is stopped', () => {
  it('sends the wills of those who are connected', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const away = await bob.connect(kept('heir'));
    await away.subscribe(['wills/#']);
    await away.disconnect();
    await alice.connect({
      will: { topic: 'wills/alice', payload: Buffer.from('bye'), qos: 1, retain: false },
    });
    assert.equal((await petrel.stop()).code, 0);
    await petrel.start();
    const again = await bob.connect(kept('heir'));
    const { payload } = await again.delivery((topic) => topic === 'wills/alice');
    assert.equal(payload.toString(), 'bye');
  });
});
