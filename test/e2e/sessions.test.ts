import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { directConv } from '../../schemas/event.ts';
import { type ConnectOptions, eventOf, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import type { User } from '../support/user.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

const kept: ConnectOptions = { clientId: 'phone', clean: false, expiry: 600 };
const kept3: ConnectOptions = { clientId: 'phone', clean: false, version: 4 };

/** Sends messages m-{from} … m-{to}, their text the number, and waits for their PUBACKs. */
async function say(sender: User, receiver: User, from: number, to: number): Promise<void> {
  const client = await sender.connect({ acknowledges: true });
  for (let at = from; at <= to; at += 200) {
    const ids: number[] = [];
    for (let i = at; i <= Math.min(to, at + 199); i++)
      ids.push(client.post(`send/u/${receiver.uid}`, textMessage(`m-${i}`, String(i))));
    for (const id of ids) await client.acked(id);
  }
  await client.disconnect();
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('a persistent session', () => {
  for (const [name, options] of [
    ['of MQTT 5', kept],
    ['of MQTT 3.1.1', kept3],
  ] as const)
    it(`${name} gets what was said while it was away, in order, once`, async () => {
      const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
      const first = await bob.connect(options);
      assert.equal(first.connack.sessionPresent, false);
      await say(alice, bob, 1, 2);
      await first.events(2);
      await first.disconnect();
      await say(alice, bob, 3, 40);
      await say(carol, bob, 1, 20);
      const second = await bob.connect(options);
      assert.equal(second.connack.sessionPresent, true);
      const [fromAlice, fromCarol] = [directConv(alice.uid, bob.uid), directConv(bob.uid, carol.uid)];
      const events = await second.events(58);
      const seqsOf = (conv: string) => events.filter((event) => event.conv === conv).map(({ seq }) => seq);
      assert.deepEqual(seqsOf(fromAlice), range(3, 40));
      assert.deepEqual(seqsOf(fromCarol), range(1, 20));
      await say(alice, bob, 41, 42);
      assert.deepEqual(
        (await second.events(2)).map(({ seq }) => seq),
        [41, 42],
      );
      await second.disconnect();
      const third = await bob.connect(options);
      assert.deepEqual(await third.unexpectedEvents(), []);
    });

  it('gets again only what it has not acknowledged', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const first = await bob.connect({ ...kept, acknowledges: false });
    await say(alice, bob, 1, 6);
    const ids: number[] = [];
    for (let i = 1; i <= 6; i++) ids.push((await first.delivery()).messageId!);
    for (const messageId of ids.slice(0, 4)) first.send({ cmd: 'puback', messageId });
    await first.ping();
    await first.drop();
    const second = await bob.connect(kept);
    assert.deepEqual(
      (await second.events(2)).map(({ seq }) => seq),
      [5, 6],
    );
    assert.deepEqual(await second.unexpectedEvents(), []);
  });

  it('gets nothing from before it began', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    await say(alice, bob, 1, 5);
    const first = await bob.connect(kept);
    assert.deepEqual(await first.unexpectedEvents(), []);
    await first.drop();
    await say(alice, bob, 6, 7);
    const second = await bob.connect(kept);
    assert.deepEqual(
      (await second.events(2)).map(({ seq }) => seq),
      [6, 7],
    );
    assert.deepEqual(await second.unexpectedEvents(), []);
  });

  it("gets what its user sent on other devices, and nobody else's", async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    await (await alice.connect(kept)).drop();
    await say(alice, bob, 1, 3);
    await say(carol, bob, 1, 3);
    const phone = await alice.connect(kept);
    assert.deepEqual(
      (await phone.events(3)).map(({ conv, seq }) => [conv, seq]),
      range(1, 3).map((seq) => [directConv(alice.uid, bob.uid), seq]),
    );
    assert.deepEqual(await phone.undelivered(), []);
  });

  for (const receiveMaximum of [1, 5])
    it(`of receive maximum ${receiveMaximum} never has more than that in flight`, async () => {
      const [alice, bob] = await petrel.users('alice', 'bob');
      const options = { ...kept, receiveMaximum, acknowledges: false };
      await (await bob.connect(options)).drop();
      await say(alice, bob, 1, 60);
      const phone = await bob.connect(options);
      const seqs: number[] = [];
      let inFlight: number[] = [];
      while (seqs.length < 60) {
        const packet = await phone.delivery();
        seqs.push(eventOf(packet).seq);
        inFlight.push(packet.messageId!);
        assert.ok(inFlight.length <= receiveMaximum);
        if (inFlight.length < receiveMaximum && seqs.length < 60) continue;
        assert.deepEqual(await phone.undelivered(), [], 'more than the receive maximum');
        // A live message has to wait for its turn too.
        if (seqs.length === receiveMaximum) await say(alice, bob, 61, 61);
        assert.deepEqual(await phone.undelivered(), [], 'more than the receive maximum');
        for (const messageId of inFlight) phone.send({ cmd: 'puback', messageId });
        inFlight = [];
      }
      assert.deepEqual(seqs, range(1, 60));
      const last = await phone.delivery();
      assert.equal(eventOf(last).seq, 61);
    });

  it('that missed more than 1,000 events is told of the gap and gets the newest 1,000', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const first = await bob.connect(kept);
    await say(alice, bob, 1, 10);
    await first.events(10);
    await first.disconnect();
    await say(alice, bob, 11, 1210);
    const second = await bob.connect(kept);
    const { ts, ...gap } = await second.notice('gap');
    assert.ok(ts > 0);
    assert.deepEqual(gap, { type: 'gap', conv: directConv(alice.uid, bob.uid), from: 11, to: 210 });
    assert.deepEqual(
      (await second.events(1000)).map(({ seq }) => seq),
      range(211, 1210),
    );
    assert.deepEqual(await second.unexpectedEvents(), []);
    type Synced = { conversations: { events: { seq: number }[]; more: boolean }[] };
    const sync = await bob.api.post<Synced>('/sync', { cursors: { [gap.conv as string]: 10 }, limit: 200 });
    assert.deepEqual(
      sync.body.conversations[0]?.events.map(({ seq }) => seq),
      range(11, 210),
    );
  });

  it('is told of the gap again where it ended before it acknowledged what came after', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const first = await bob.connect(kept);
    await say(alice, bob, 1, 10);
    await first.events(10);
    await first.disconnect();
    await say(alice, bob, 11, 1110);
    for (const receiveMaximum of [1, 20]) {
      const deaf = await bob.connect({ ...kept, receiveMaximum, acknowledges: false });
      const gap = await deaf.notice('gap');
      assert.deepEqual([gap.from, gap.to], [11, 110]);
      await deaf.drop();
    }
    const third = await bob.connect(kept);
    const gap = await third.notice('gap');
    assert.deepEqual([gap.from, gap.to], [11, 110]);
    assert.deepEqual(
      (await third.events(1000)).map(({ seq }) => seq),
      range(111, 1110),
    );
    await third.disconnect();
    const fourth = await bob.connect(kept);
    assert.deepEqual(await fourth.undelivered(), []);
  });

  it('that missed exactly 1,000 events gets them without a gap', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const first = await bob.connect(kept3);
    await say(alice, bob, 1, 1);
    await first.events(1);
    await first.disconnect();
    await say(alice, bob, 2, 1001);
    const second = await bob.connect(kept3);
    assert.deepEqual(
      (await second.events(1000)).map(({ seq }) => seq),
      range(2, 1001),
    );
    assert.deepEqual(await second.undelivered(), []);
  });

  it('that began before the first message, and missed more than 1,000, is told of the gap', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    await (await bob.connect(kept)).disconnect();
    await say(alice, bob, 1, 1005);
    const second = await bob.connect(kept);
    const gap = await second.notice('gap');
    assert.deepEqual([gap.from, gap.to], [1, 5]);
    assert.deepEqual(
      (await second.events(1000)).map(({ seq }) => seq),
      range(6, 1005),
    );
  });

  it('is discarded by Clean Start', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    await (await bob.connect(kept)).disconnect();
    await say(alice, bob, 1, 3);
    const clean = await bob.connect({ ...kept, clean: true });
    assert.equal(clean.connack.sessionPresent, false);
    assert.deepEqual(await clean.unexpectedEvents(), []);
    await say(alice, bob, 4, 4);
    assert.equal((await clean.event()).seq, 4);
    await clean.disconnect();
    const again = await bob.connect(kept);
    assert.equal(again.connack.sessionPresent, true);
    assert.deepEqual(await again.unexpectedEvents(), []);
  });

  it('ends with its connection where it has no expiry, and when DISCONNECT sets it to 0', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    await (await bob.connect({ clientId: 'phone', clean: false })).disconnect();
    const second = await bob.connect(kept);
    assert.equal(second.connack.sessionPresent, false);
    second.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
    await second.closed;
    await say(alice, bob, 1, 1);
    const third = await bob.connect(kept);
    assert.equal(third.connack.sessionPresent, false);
    assert.deepEqual(await third.unexpectedEvents(), []);
  });

  it('loses nothing when it is taken over', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const first = await bob.connect({ ...kept, acknowledges: false });
    await say(alice, bob, 1, 10);
    for (let i = 0; i < 10; i++) {
      const { messageId } = await first.delivery();
      if (i < 3) first.send({ cmd: 'puback', messageId: messageId! });
    }
    await first.ping();
    const second = await bob.connect(kept);
    assert.equal((await first.ending())?.reasonCode, 0x8e);
    assert.deepEqual(
      (await second.events(7)).map(({ seq }) => seq),
      range(4, 10),
    );
  });

  it('moves between protocol versions', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    await (await bob.connect(kept3)).disconnect();
    await say(alice, bob, 1, 2);
    const five = await bob.connect(kept);
    assert.equal(five.connack.sessionPresent, true);
    await five.events(2);
    await five.disconnect();
    await say(alice, bob, 3, 3);
    const three = await bob.connect(kept3);
    assert.equal(three.connack.sessionPresent, true);
    assert.equal((await three.event()).seq, 3);
  });
});

describe('a session without expiry', () => {
  it('gets nothing of what was said while it was away', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    await (await bob.connect({ clientId: 'phone' })).disconnect();
    await say(alice, bob, 1, 3);
    const again = await bob.connect({ clientId: 'phone' });
    assert.equal(again.connack.sessionPresent, false);
    assert.deepEqual(await again.unexpectedEvents(), []);
  });
});
