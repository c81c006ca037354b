import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Endings } from '../../broker/endings.ts';
import type { End } from '../../store/bus.ts';
import type { OnlineConnection } from '../../store/online.ts';
import { until } from '../support/until.ts';

const connection = (node: string, clientId: string, since: number): OnlineConnection => ({
  ...{ node, clientId, since, uid: 'ann', did: clientId, address: '', protocol: 5, transport: 'tcp' },
});

describe('ends of connections that nothing is written down of', () => {
  let connected: OnlineConnection[];
  let isAway: boolean;
  let looks: number;
  let told: unknown[];
  let endings: Endings;
  const end: End = { type: 'end', uid: 'ann', reason: 0x98 };

  beforeEach(() => {
    [connected, isAway, looks, told] = [[], false, 0, []];
    endings = new Endings({
      online: {
        async of() {
          looks++;
          if (isAway) throw new Error('away');
          return connected;
        },
      },
      bus: { publish: (message) => told.push(message) },
      now: () => 100,
      everyMs: 5,
    });
  });
  afterEach(() => endings.close());
  const looked = (more: number): Promise<boolean> => {
    const from = looks;
    return until('looks', () => looks >= from + more);
  };

  it('are told once where nobody is connected, or all have ended', async () => {
    await endings.end(end);
    assert.deepEqual(told, [end]);
    connected = [connection('a', '1', 50)];
    await endings.end(end);
    connected = [connection('b', '1', 60)];
    await looked(1);
    assert.deepEqual(told, [end, end]);
  });

  it('are told again while those that were there are there, and mean no newer ones', async () => {
    connected = [connection('a', '1', 50), connection('b', '2', 500)];
    await endings.end({ ...end, did: '1' });
    connected = [...connected, connection('b', '1', 70)];
    await until('the second time', () => told.length >= 2);
    assert.deepEqual(told.slice(0, 2), [
      { ...end, did: '1' },
      { ...end, did: '1', until: 50 },
    ]);
    connected = [connection('b', '1', 70)];
    await looked(1);
    const count = told.length;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(told.length, count);
  });

  it('are told also where it cannot be known who is connected, and again when it can', async () => {
    isAway = true;
    await endings.end(end);
    assert.deepEqual(told, [end]);
    connected = [connection('a', '1', 50), connection('a', '2', 200)];
    await looked(2);
    isAway = false;
    await until('the second time', () => told.length >= 2);
    assert.deepEqual(told[1], { ...end, until: 50 });
  });
});
