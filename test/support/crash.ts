import assert from 'node:assert/strict';
import process from 'node:process';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { directConv, type EventDocument } from '../../schemas/event.ts';
import { type Acknowledged, InsistentSender } from './insistent-sender.ts';
import { PersistentReceiver } from './persistent-receiver.ts';
import type { Petrel } from './petrel.ts';
import { Seeded } from './seeded.ts';
import { until, within } from './until.ts';
import type { User } from './user.ts';

/** TEST_CRASH_SEED repeats a run, TEST_CRASH_ROUNDS makes it longer. */
const seed = Number(process.env.TEST_CRASH_SEED ?? Date.now() % 1_000_000);
const chosenRounds = process.env.TEST_CRASH_ROUNDS;

/** The whole history of a conversation, page by page. */
async function historyOf(user: User, conv: string): Promise<EventDocument[]> {
  const events: EventDocument[] = [];
  for (;;) {
    const path = `/conversations/${conv}/messages?limit=500&after=${events.at(-1)?.seq ?? 0}`;
    const { status, body } = await user.api.get<{ events: EventDocument[]; more: boolean }>(path);
    assert.equal(status, 200);
    events.push(...body.events);
    if (!body.more) return events;
  }
}

/**
 * Senders that insist, receivers with persistent sessions, and a server that is killed at random moments: nothing it has
 * acknowledged is lost, nothing is stored twice, no hole is left, and all is delivered.
 */
export async function assertCrashSafe(petrel: Petrel, t: TestContext, usualRounds: number): Promise<void> {
  const rounds = Number(chosenRounds ?? usualRounds);
  t.diagnostic(`TEST_CRASH_SEED=${seed}`);
  const random = new Seeded(seed);
  const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
  const [ab, ac, bc] = [
    directConv(alice.uid, bob.uid),
    directConv(alice.uid, carol.uid),
    directConv(bob.uid, carol.uid),
  ];
  const receivers = [
    { user: alice, convs: [ab, ac], clientId: 'ra', version: 5 as const },
    { user: bob, convs: [ab, bc], clientId: 'rb', version: 4 as const },
    { user: carol, convs: [ac, bc], clientId: 'rc', version: 5 as const, receiveMaximum: 10 },
  ].map(({ user, convs, ...options }) => ({ convs, receiver: new PersistentReceiver(user, options) }));
  await Promise.all(receivers.map(({ receiver }) => receiver.begin()));
  const gid = await alice.createGroup([bob, carol]);
  const group = `g:${gid}`;
  const to = ({ uid }: User) => `send/u/${uid}`;
  const toGroup = `send/g/${gid}`;
  const convOf = (user: User, topic: string) =>
    topic === toGroup ? group : directConv(user.uid, topic.slice('send/u/'.length));

  const senders = [
    { user: alice, clientId: 'a1', window: 8, topics: [to(bob), toGroup] },
    { user: alice, clientId: 'a2', window: 4, topics: [to(bob), to(carol)], version: 4 as const },
    { user: bob, clientId: 'b1', window: 16, topics: [to(alice), toGroup, to(carol)] },
    { user: carol, clientId: 'c1', window: 1, topics: [toGroup] },
  ].map(({ user, ...options }) => ({ user, sender: new InsistentSender(user, options) }));
  for (let round = 1; round <= rounds; round++) {
    const listening = receivers.map(({ receiver }) => receiver.run());
    const sending = senders.map(({ sender }) => sender.run());
    const goal = totalOf(senders) + random.between(1, 300);
    await until('acknowledgements', () => totalOf(senders) >= goal, 30_000);
    await setTimeout(random.between(0, 1500));
    await petrel.kill();
    await within('the end of the connections', Promise.all([...listening, ...sending]));
    await petrel.start();
  }

  const listening = receivers.map(({ receiver }) => receiver.run());
  for (const { sender } of senders) sender.finish();
  await within('the last acknowledgements', Promise.all(senders.map(({ sender }) => sender.run())), 30_000);

  const histories = new Map<string, EventDocument[]>();
  for (const [user, conv] of [
    [alice, ab],
    [alice, ac],
    [bob, bc],
    [alice, group],
  ] as const)
    histories.set(conv, await historyOf(user, conv));

  for (const [conv, events] of histories) {
    assert.deepEqual(
      events.map(({ seq }) => seq),
      events.map((_, i) => i + 1),
      `the seqs of ${conv}`,
    );
    const messages = events.filter(({ type }) => type === 'text');
    assert.deepEqual(
      messages.map(({ n }) => n),
      messages.map((_, i) => i + 1),
      `the counts of ${conv}`,
    );
    assert.ok(
      events.every(({ ts }, i) => i === 0 || ts >= events[i - 1]!.ts),
      `the times of ${conv}`,
    );
  }
  const stored = indexOf([...histories.values()].flat());
  for (const { user, sender } of senders) {
    const lost = sender.acknowledged.filter((one) => {
      const found = stored.get(`${convOf(user, one.topic)} ${user.uid} ${one.id}`) ?? [];
      return (
        found.length !== 1 ||
        found[0]!.body?.text !== one.text ||
        (one.seq ?? found[0]!.seq) !== found[0]!.seq
      );
    });
    assert.deepEqual(lost, [], 'acknowledged, but not in history exactly once under its seq');
    for (const topic of new Set(sender.acknowledged.map((one) => one.topic)))
      assertOrder(histories.get(convOf(user, topic))!, user, sender.acknowledged, topic);
  }

  for (const { convs, receiver } of receivers) {
    for (const conv of [...convs, group]) {
      const events = histories.get(conv)!;
      const missing = () => receiver.missing(conv, events.length);
      await until(`all of ${conv}`, () => missing().length === 0, 20_000).catch(() => {});
      assert.deepEqual(missing(), [], `not delivered of ${conv}, which has ${events.length}`);
      for (const [seq, { id, from }] of receiver.received.get(conv)!)
        assert.deepEqual([events[seq - 1]?.id, events[seq - 1]?.from], [id, from]);
    }
    assert.deepEqual(receiver.faults, []);
  }
  const told = receivers.map(({ receiver: { repeats, gaps } }) => `${repeats} repeats, ${gaps.length} gaps`);
  t.diagnostic(`${rounds} kills, ${totalOf(senders)} messages; at the receivers: ${told.join('; ')}`);
  await petrel.kill();
  await Promise.all(listening);
}

const totalOf = (senders: readonly { readonly sender: InsistentSender }[]): number =>
  senders.reduce((total, { sender }) => total + sender.acknowledged.length, 0);

/** Events by conversation, sender and id. */
function indexOf(events: readonly EventDocument[]): Map<string, EventDocument[]> {
  const index = new Map<string, EventDocument[]>();
  for (const event of events) {
    const key = `${event.conv} ${event.from} ${event.id}`;
    index.set(key, [...(index.get(key) ?? []), event]);
  }
  return index;
}

/** Messages of one sender are numbered in the order of sending, and stored so. */
function assertOrder(
  events: readonly EventDocument[],
  user: User,
  sent: readonly Acknowledged[],
  topic: string,
): void {
  const ids = new Set(sent.filter((one) => one.topic === topic).map(({ id }) => id));
  const numbers = events
    .filter(({ from, id }) => from === user.uid && ids.has(id))
    .map(({ id }) => Number(id.split('-')[1]));
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => a - b),
    `the order of ${topic}`,
  );
}
