import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { LockedTabs } from '../../../sdk/tabs/locked.ts';
import { onWake } from '../../../sdk/transport/wake.ts';
import { until } from '../../support/until.ts';
import { Locks } from './locks.ts';

describe('a page of a browser', () => {
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const window = new EventTarget();
  before(() => Object.assign(globalThis, { document, window }));
  after(() => {
    Reflect.deleteProperty(globalThis, 'document');
    Reflect.deleteProperty(globalThis, 'window');
  });

  it('passes the lead on when it is frozen or put aside, and stands again when it goes on', async () => {
    const name = randomUUID();
    const locks = new Locks();
    const tab = () => new LockedTabs({ name, locks, channel: new BroadcastChannel(name) });
    for (const [stop, go] of [
      [() => document.dispatchEvent(new Event('freeze')), () => document.dispatchEvent(new Event('resume'))],
      [() => window.dispatchEvent(new Event('pagehide')), () => window.dispatchEvent(new Event('pageshow'))],
    ] as const) {
      const first = tab();
      await until('the lead', () => first.isLeader.value);
      stop();
      assert.ok(!first.isLeader.value);
      // Another page, which runs on.
      const second = tab();
      await until('the lead of the other', () => second.isLeader.value);
      go();
      await second.close();
      await until('the lead again', () => first.isLeader.value);
      await first.close();
    }
  });

  it('tells when somebody is back or the network is, and when the network is gone', () => {
    const heard: string[] = [];
    const end = onWake((what) => heard.push(what));
    window.dispatchEvent(new Event('offline'));
    window.dispatchEvent(new Event('online'));
    document.dispatchEvent(new Event('visibilitychange'));
    document.visibilityState = 'hidden';
    document.dispatchEvent(new Event('visibilitychange'));
    document.dispatchEvent(new Event('resume'));
    end();
    window.dispatchEvent(new Event('online'));
    assert.deepEqual(heard, ['away', 'back', 'back', 'back']);
  });
});
