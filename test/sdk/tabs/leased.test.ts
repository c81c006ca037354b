import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, describe, it } from 'node:test';
import { LeasedTabs } from '../../../sdk/tabs/leased.ts';
import { IndexedLeases } from '../../../sdk/tabs/leases.ts';
import { until } from '../../support/until.ts';

describe('tabs without Web Locks', () => {
  const open: LeasedTabs[] = [];
  afterEach(async () => {
    for (const tabs of open.splice(0)) await tabs.close();
  });

  const browser = () => {
    const name = randomUUID();
    return () => {
      const tabs = new LeasedTabs({ leases: new IndexedLeases(name), channel: new BroadcastChannel(name) });
      open.push(tabs);
      return tabs;
    };
  };

  it('lets each lead', () => {
    const tab = browser();
    assert.ok(tab().isLeader.value && tab().isLeader.value);
  });

  it('runs work of a name in one tab at a time, and of another name beside it', async () => {
    const tab = browser();
    const tabs = [tab(), tab(), tab()];
    let running = 0;
    const work = async () => {
      assert.equal(++running, 1);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    await Promise.all(Array.from({ length: 15 }, (_, i) => tabs[i % 3]!.exclusively('a', work)));
    let isOver = false;
    const long = tabs[0]!.exclusively('a', () => until('the end', () => isOver));
    await tabs[1]!.exclusively('b', async () => {
      isOver = true;
    });
    await long;
  });

  it('gives the lease back where the work fails', async () => {
    const tab = browser();
    const [first, second] = [tab(), tab()];
    await assert.rejects(
      first.exclusively('a', () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.equal(await second.exclusively('a', async () => 1), 1);
  });

  it('brings messages to the others, and none of its own', async () => {
    const tab = browser();
    const [first, second] = [tab(), tab()];
    const heard: unknown[] = [];
    second.onMessage((message) => heard.push(message));
    await first.exclusively('a', async () => {});
    first.post({ a: 1 });
    await until('the message', () => heard.length > 0);
    assert.deepEqual(heard, [{ a: 1 }]);
  });

  it('takes a lease that has run out, and none that runs', async () => {
    const name = randomUUID();
    const [first, second] = [new IndexedLeases(name), new IndexedLeases(name)];
    assert.ok(await first.take('a', 'first', Date.now() + 60_000));
    assert.ok(!(await second.take('a', 'second', Date.now() + 60_000)));
    await second.release('a', 'second');
    assert.ok(!(await second.take('a', 'second', Date.now() + 60_000)));
    assert.ok(await first.take('a', 'first', Date.now() - 1));
    assert.ok(await second.take('a', 'second', Date.now() + 60_000));
    await first.close();
    await second.close();
  });
});
