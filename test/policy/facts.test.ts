import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FactsCache, type FactsSource } from '../../policy/facts.ts';
import type { Bus } from '../../store/bus.ts';
import type { UserFacts } from '../../store/directory.ts';
import { createMemoryBus } from '../../store/state/memory/bus.ts';
import { BusNetwork } from '../support/bus-network.ts';

const noErrors = (error: unknown): never => {
  throw error;
};

/** A cache over facts that a test changes. */
function cacheOf(facts: { invisible: boolean }, bus: Bus = createMemoryBus(noErrors)) {
  let reads = 0;
  /** What happens while a user is read. */
  let meanwhile = () => {};
  const source: FactsSource = {
    directFacts: async () => ({ exists: true, blocked: false, friends: false }),
    groupFacts: async () => ({ exists: false, muted: false }),
    userFacts: async (): Promise<UserFacts> => {
      reads++;
      const { invisible } = facts;
      meanwhile();
      return { exists: true, removed: false, invisible, readReceipts: true };
    },
  };
  let now = 0;
  const cache = new FactsCache(source, bus, () => now);
  return {
    bus,
    cache,
    reads: () => reads,
    whileReading: (happens: () => void) => {
      meanwhile = happens;
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('the cache of facts', () => {
  it('reads a user once, until a change of that user', async () => {
    const facts = { invisible: false };
    const { cache, bus, reads } = cacheOf(facts);
    const held = await cache.user('alice');
    assert.equal(await cache.user('alice'), held);
    bus.publish({ type: 'stale', user: 'bob' });
    assert.equal(cache.fresh(held), true);
    facts.invisible = true;
    bus.publish({ type: 'stale', user: 'alice' });
    assert.equal(cache.fresh(held), false);
    assert.equal((await cache.user('alice')).facts.invisible, true);
    assert.equal(reads(), 2);
  });

  it('reads everything again after a loss', async () => {
    const facts = { invisible: false };
    const bus = new BusNetwork().node();
    const { cache, reads, whileReading } = cacheOf(facts, bus);
    const held = await cache.user('alice');
    bus.heal();
    assert.equal(cache.fresh(held), false);
    let told = false;
    whileReading(() => {
      if (!told) bus.heal();
      told = true;
    });
    const again = await cache.user('alice');
    assert.equal(cache.fresh(again), true);
    assert.equal(reads(), 3);
  });

  it('reads a user again who changed while being read', async () => {
    const facts = { invisible: false };
    const { cache, bus, reads, whileReading } = cacheOf(facts);
    whileReading(() => {
      if (facts.invisible) return;
      facts.invisible = true;
      bus.publish({ type: 'stale', user: 'alice' });
    });
    const held = await cache.user('alice');
    assert.equal(held.facts.invisible, true);
    assert.equal(cache.fresh(held), true);
    assert.equal(reads(), 2);
  });

  it('keeps what was read while another user changed', async () => {
    const { cache, bus, reads, whileReading } = cacheOf({ invisible: false });
    whileReading(() => bus.publish({ type: 'stale', user: 'bob' }));
    const held = await cache.user('alice');
    assert.equal(await cache.user('alice'), held);
    assert.equal(reads(), 1);
  });

  it('does not keep what changes with every read, and answers all the same', async () => {
    const { cache, bus, reads, whileReading } = cacheOf({ invisible: false });
    whileReading(() => bus.publish({ type: 'stale', user: 'alice' }));
    const held = await cache.user('alice');
    assert.equal(cache.fresh(held), false);
    assert.ok(reads() < 10);
  });

  it('reads a user again after a minute, whatever was heard', async () => {
    const { cache, reads, pass } = cacheOf({ invisible: false });
    const held = await cache.user('alice');
    pass(60_000);
    assert.equal(cache.fresh(held), false);
    await cache.user('alice');
    assert.equal(reads(), 2);
  });
});
