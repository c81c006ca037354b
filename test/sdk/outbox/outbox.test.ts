import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Opened, refusals, settled, uid, World } from './world.ts';

const bob = 'u:alice:bob';
const group = 'g:team';
const rows = (world: World): Promise<unknown[]> => world.storage.range('outbox');
const states = ({ outbox }: Opened, conv = bob): string[] =>
  outbox.of(conv).map(({ id, state }) => `${id} ${state}`);

/** A tab that leads and is connected. */
function online(world = new World()): { world: World; tab: Opened } {
  const tab = world.open();
  tab.transport.connect();
  return { world, tab };
}

describe('an outbox', () => {
  it('keeps a message before it sends it, and until it is acknowledged', async () => {
    const world = new World();
    const tab = world.open();
    await tab.add(bob, 'a');
    assert.deepEqual(states(tab), ['a sending']);
    assert.equal((await rows(world)).length, 1);
    assert.equal(tab.outbox.waiting.value, 1);
    tab.transport.connect();
    await settled();
    tab.transport.take();
    await settled();
    assert.equal((await rows(world)).length, 1);
    tab.transport.deliver();
    await settled();
    assert.deepEqual(tab.outcomes.get('a'), { seq: 1, ts: 1001 });
    assert.deepEqual(states(tab), []);
    assert.deepEqual(await rows(world), []);
    assert.equal(tab.outbox.waiting.value, 0);
  });

  it('sends to the peer, to the group, and to oneself', async () => {
    const { tab } = online();
    await tab.add(bob, 'a');
    await tab.add('u:aaron:alice', 'b');
    await tab.add(group, 'c');
    await tab.add(`u:${uid}:${uid}`, 'd');
    assert.deepEqual(
      tab.transport.published.map(({ topic }) => topic),
      ['send/u/bob', 'send/u/aaron', 'send/g/team', 'send/u/alice'],
    );
  });

  it('has no more than eight on the way, and each conversation in turn', async () => {
    const { tab } = online();
    for (let i = 1; i <= 9; i++) await tab.add(bob, `b${i}`);
    await tab.add(group, 'g1');
    assert.equal(tab.transport.inFlight, 8);
    await tab.transport.answer();
    await tab.transport.answer();
    assert.deepEqual(
      tab.transport.published.slice(8).map(({ id }) => id),
      ['b9', 'g1'],
    );
  });

  it('sends again in order, under the same ids, what the connection took with it', async () => {
    const { world, tab } = online();
    for (const id of ['a', 'b', 'c']) await tab.add(bob, id);
    tab.transport.take();
    tab.transport.take();
    tab.transport.cut();
    await settled();
    tab.transport.connect();
    await settled();
    for (const id of ['a', 'b', 'c']) assert.equal(await tab.transport.answer(), id);
    assert.deepEqual(world.server.stored.get(bob), ['a', 'b', 'c']);
    assert.deepEqual(
      ['a', 'b', 'c'].map((id) => tab.outcomes.get(id)),
      [1, 2, 3].map((seq) => ({ seq, ts: 1000 + seq })),
    );
  });

  it('marks what is refused as failed, and goes on with the next', async () => {
    const { world, tab } = online();
    await tab.add(bob, 'a');
    await tab.add(bob, 'b');
    await tab.transport.answer(refusals.forGood());
    await tab.transport.answer();
    assert.deepEqual(states(tab), ['a failed']);
    assert.deepEqual(tab.outbox.of(bob)[0]?.error, {
      code: 'send.not-friends',
      message: 'No.',
      retryable: false,
    });
    assert.equal(tab.outcomes.get('a'), 'send.not-friends');
    assert.equal(tab.outbox.waiting.value, 0);
    assert.equal((await rows(world)).length, 1);
  });

  it('sends a failed one again when asked, under its id, or takes it away', async () => {
    const { world, tab } = online();
    for (const id of ['a', 'b']) {
      await tab.add(bob, id);
      await tab.transport.answer(refusals.forGood());
    }
    await tab.outbox.retry(bob, 'a');
    await tab.outbox.discard(bob, 'b');
    assert.deepEqual(states(tab), ['a sending']);
    assert.equal(await tab.transport.answer(), 'a');
    assert.deepEqual(await rows(world), []);
  });

  it('tries again by itself what was refused for the time being, one at a time until it is through', async () => {
    const { world, tab } = online();
    for (const id of ['a', 'b', 'c', 'd']) await tab.add(bob, id);
    for (let i = 0; i < 4; i++) await tab.transport.answer(refusals.forNow());
    assert.equal(tab.transport.inFlight, 0);
    await tab.add(group, 'other');
    assert.equal(tab.transport.inFlight, 1);
    await tab.transport.answer();
    await world.clock.pass();
    assert.equal(tab.transport.inFlight, 1);
    assert.equal(await tab.transport.answer(), 'a');
    assert.equal(tab.transport.inFlight, 3);
    for (const id of ['b', 'c', 'd']) assert.equal(await tab.transport.answer(), id);
    assert.deepEqual(world.server.stored.get(bob), ['a', 'b', 'c', 'd']);
  });

  it('holds everything as long as the server says where it sends too fast', async () => {
    const { world, tab } = online();
    await tab.add(bob, 'a');
    await tab.transport.answer(refusals.rate(1234));
    await tab.add(group, 'b');
    assert.equal(tab.transport.inFlight, 0);
    assert.deepEqual(world.clock.pauses, [1234]);
    await world.clock.pass();
    assert.equal(tab.transport.inFlight, 2);
  });

  it('waits longer each time, and leaves no pause behind when it is closed', async () => {
    const { world, tab } = online();
    await tab.add(bob, 'a');
    const pauses: number[] = [];
    for (let i = 0; i < 9; i++) {
      await tab.transport.answer(refusals.forNow());
      pauses.push(...world.clock.pauses);
      if (i < 8) await world.clock.pass();
    }
    assert.ok(pauses[0]! <= 500 && pauses[3]! > pauses[0]! && pauses.every((ms) => ms <= 30_000));
    await tab.outbox.close();
    assert.deepEqual(world.clock.pauses, []);
  });

  it('does not spin where the connection refuses while it says that it is there', async () => {
    const { world, tab } = online();
    await tab.add(bob, 'a');
    await tab.transport.answer(refusals.offline());
    assert.equal(tab.transport.inFlight, 0);
    assert.equal(world.clock.pauses.length, 1);
    tab.transport.cut();
    assert.deepEqual(world.clock.pauses, []);
    tab.transport.connect();
    assert.equal(tab.transport.inFlight, 1);
  });

  it('takes the event of a message for its acknowledgement', async () => {
    const { world, tab } = online();
    await tab.add(bob, 'a');
    tab.transport.take();
    tab.transport.cut();
    await tab.outbox.settle(bob, 'a', { seq: 1, ts: 1001 });
    await tab.outbox.settle(bob, 'of another device', { seq: 2, ts: 1002 });
    assert.deepEqual(tab.outcomes.get('a'), { seq: 1, ts: 1001 });
    assert.deepEqual(await rows(world), []);
    tab.transport.connect();
    await settled();
    assert.equal(tab.transport.inFlight, 0);
  });

  it('takes the same id for the same message', async () => {
    const { tab } = online();
    await Promise.all([tab.add(bob, 'a'), tab.add(bob, 'a')]);
    await tab.add(bob, 'a');
    assert.deepEqual(states(tab), ['a sending']);
    assert.equal(tab.transport.published.length, 1);
  });

  it('gives a new list where something changed, and the same where nothing did', async () => {
    const { tab } = online();
    await tab.add(bob, 'a');
    const before = tab.outbox.of(bob);
    await tab.add(group, 'b');
    assert.equal(tab.outbox.of(bob), before);
    await tab.add(bob, 'c');
    assert.notEqual(tab.outbox.of(bob), before);
    assert.deepEqual(before.length, 1);
  });

  it('goes on with what an earlier one left, and leaves the messages of others alone', async () => {
    const world = new World();
    const first = world.open();
    await first.add(bob, 'a');
    const other = world.open({ uid: 'carol' });
    await other.add('u:bob:carol', 'c');
    other.vanish();
    first.vanish();
    await settled();
    assert.equal(first.outcomes.get('a'), 'client.closed');
    const { tab } = online(world);
    await tab.outbox.opened;
    await tab.add(bob, 'b');
    assert.deepEqual(
      tab.transport.published.map(({ id }) => id),
      ['a', 'b'],
    );
  });

  it('writes what is to be written with the removal', async () => {
    const world = new World();
    const given: unknown[] = [];
    const tab = world.open({
      onStored: (entry, place) => {
        given.push([entry.id, place]);
        return [{ table: 'events', key: [entry.conv, place.seq], value: entry.id }];
      },
    });
    tab.transport.connect();
    await tab.add(bob, 'a');
    await tab.transport.answer();
    assert.deepEqual(given, [['a', { seq: 1, ts: 1001 }]]);
    assert.equal(await world.storage.get('events', [bob, 1]), 'a');
  });

  it('answers what was stored also where the storage fails at that moment, and says so', async () => {
    const { world, tab } = online();
    await tab.add(bob, 'a');
    await world.storage.close();
    await tab.transport.answer();
    assert.deepEqual(tab.outcomes.get('a'), { seq: 1, ts: 1001 });
    assert.deepEqual(states(tab), []);
    assert.equal(tab.errors.length, 1);
  });

  it('rejects what cannot be kept, and does not send it', async () => {
    const { world, tab } = online();
    await tab.outbox.opened;
    await world.storage.close();
    await assert.rejects(tab.add(bob, 'a'), { code: 'client.storage' });
    assert.deepEqual(states(tab), []);
    assert.equal(tab.transport.published.length, 0);
  });

  it('forgets everything on signing out, in every tab', async () => {
    const { world, tab } = online();
    const other = world.open();
    await tab.add(bob, 'a');
    await other.add(bob, 'b');
    await settled();
    await other.outbox.clear();
    await settled();
    assert.deepEqual(await rows(world), []);
    assert.deepEqual([states(tab), states(other)], [[], []]);
    assert.equal(tab.outcomes.get('a'), 'client.signed-out');
    assert.equal(other.outcomes.get('b'), 'client.signed-out');
    await assert.rejects(tab.add(bob, 'c'), { code: 'client.signed-out' });
  });
});

describe('outboxes of several tabs', () => {
  it('send by the one that leads, and show the same', async () => {
    const { world, tab } = online();
    const other = world.open();
    await other.add(bob, 'a');
    await settled();
    assert.deepEqual([states(tab), states(other)], [['a sending'], ['a sending']]);
    await tab.transport.answer();
    assert.deepEqual([states(tab), states(other)], [[], []]);
    assert.deepEqual(other.outcomes.get('a'), { seq: 1, ts: 1001 });
  });

  it('show what failed in all, and retry and discard from any', async () => {
    const { world, tab } = online();
    const other = world.open();
    await other.add(bob, 'a');
    await tab.add(bob, 'b');
    await settled();
    await tab.transport.answer(refusals.forGood());
    await tab.transport.answer(refusals.forGood());
    assert.deepEqual(states(other), ['a failed', 'b failed']);
    assert.equal(other.outcomes.get('a'), 'send.not-friends');
    await other.outbox.retry(bob, 'b');
    await other.outbox.discard(bob, 'a');
    await settled();
    assert.deepEqual(states(tab), ['b sending']);
    assert.equal(await tab.transport.answer(), 'b');
    assert.deepEqual(states(other), []);
  });

  it('go on with the next one when the leader is gone', async () => {
    const { world, tab } = online();
    const other = world.open();
    await tab.add(bob, 'a');
    await other.add(bob, 'b');
    await settled();
    tab.transport.take();
    tab.vanish();
    other.transport.connect();
    await settled();
    assert.equal(await other.transport.answer(), 'a');
    assert.equal(await other.transport.answer(), 'b');
    assert.deepEqual(world.server.stored.get(bob), ['a', 'b']);
    assert.deepEqual(other.outcomes.get('b'), { seq: 2, ts: 1002 });
  });

  it('tell who waits what became of it, also where the leader was gone before it told', async () => {
    const { world, tab } = online();
    const [second, third] = [world.open(), world.open()];
    await second.add(bob, 'b');
    await third.add(bob, 'c');
    await settled();
    tab.tab.handlers.clear();
    tab.tab.post = () => {};
    await tab.transport.answer();
    await tab.transport.answer();
    assert.deepEqual(await rows(world), []);
    tab.vanish();
    second.transport.connect();
    await settled();
    await second.transport.answer();
    await second.transport.answer();
    assert.deepEqual(second.outcomes.get('b'), { seq: 1, ts: 1001 });
    assert.deepEqual(third.outcomes.get('c'), { seq: 2, ts: 1002 });
    assert.deepEqual([states(second), states(third)], [[], []]);
    assert.deepEqual(world.server.stored.get(bob), ['b', 'c']);
  });

  it('send, when they connect, what was written without a word', async () => {
    const { world, tab } = online();
    const other = world.open();
    await settled();
    other.tab.post = () => {};
    await other.add(bob, 'a');
    await settled();
    assert.equal(tab.transport.published.length, 0);
    tab.transport.cut();
    tab.transport.connect();
    await settled();
    assert.equal(await tab.transport.answer(), 'a');
  });
});

describe('outboxes of tabs that all lead', () => {
  const open = () => {
    const world = new World(undefined, { isElected: false });
    const [tab, other] = [world.open(), world.open()];
    tab.transport.connect();
    other.transport.connect();
    return { world, tab, other };
  };

  it('send each their own', async () => {
    const { tab, other } = open();
    await tab.add(bob, 'a');
    await other.add(bob, 'b');
    await settled();
    assert.deepEqual([tab.transport.inFlight, other.transport.inFlight], [1, 1]);
    assert.equal(await tab.transport.answer(), 'a');
    assert.equal(await other.transport.answer(), 'b');
    assert.deepEqual([states(tab), states(other)], [[], []]);
  });

  it('send for one that is gone', async () => {
    const { world, tab, other } = open();
    await tab.add(bob, 'a');
    await settled();
    tab.vanish();
    assert.equal(other.transport.inFlight, 0);
    await world.clock.pass();
    assert.equal(await other.transport.answer(), 'a');
    assert.deepEqual(await rows(world), []);
    await other.outbox.close();
    assert.deepEqual(world.clock.pauses, []);
  });
});
