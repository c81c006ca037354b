import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, describe, it } from 'node:test';
import { LockedTabs } from '../../../sdk/tabs/locked.ts';
import { until } from '../../support/until.ts';
import { Locks } from './locks.ts';

describe('tabs with Web Locks', () => {
  const open: LockedTabs[] = [];
  afterEach(async () => {
    for (const tabs of open.splice(0)) await tabs.close();
  });

  const browser = () => {
    const name = randomUUID();
    const locks = new Locks();
    return () => {
      const tabs = new LockedTabs({ name, locks, channel: new BroadcastChannel(name) });
      open.push(tabs);
      return tabs;
    };
  };

  it('lets one lead, and another one when that one is closed', async () => {
    const tab = browser();
    const [first, second, third] = [tab(), tab(), tab()];
    await until('a leader', () => first.isLeader.value);
    assert.ok(!second.isLeader.value && !third.isLeader.value);
    await second.close();
    await first.close();
    await until('the next leader', () => third.isLeader.value);
    assert.ok(!first.isLeader.value && !second.isLeader.value);
  });

  it('brings messages to all others, in order', async () => {
    const tab = browser();
    const [first, second, third] = [tab(), tab(), tab()];
    const heard: unknown[][] = [[], [], []];
    for (const [index, tabs] of [first, second, third].entries())
      tabs.onMessage((message) => heard[index]!.push(message));
    for (let i = 0; i < 50; i++) first.post({ i });
    await until('all messages', () => heard[1]!.length === 50 && heard[2]!.length === 50);
    assert.deepEqual(heard[0], []);
    assert.deepEqual(heard[1], heard[2]);
    assert.deepEqual(heard[1]![49], { i: 49 });
  });

  it('runs work of a name in one tab at a time, and hands on its answer or its failure', async () => {
    const tab = browser();
    const [first, second] = [tab(), tab()];
    let running = 0;
    const work = async () => {
      assert.equal(++running, 1);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return running;
    };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? first : second).exclusively('a', work)),
    );
    assert.deepEqual(new Set(answers), new Set([0]));
    await assert.rejects(
      first.exclusively('a', () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.equal(await second.exclusively('a', async () => 1), 1);
  });
});
