import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Ended, Revocations } from '../../../api/auth/revocations.ts';
import type { Bus } from '../../../store/bus.ts';
import type { Directory } from '../../../store/directory.ts';
import { createMemoryBus } from '../../../store/state/memory/bus.ts';

describe('what ends connections that a lost message left', () => {
  let now: number;
  let revoked: { sid: string; at: number }[];
  let banned: { uid: string; until: number }[];
  let removed: string[];
  let bus: Bus;
  let lose: () => void;
  let revocations: Revocations;
  let told: Ended[];

  beforeEach(async () => {
    [now, revoked, banned, removed, told] = [1_000_000, [{ sid: 'old', at: 990_000 }], [], [], []];
    banned = [{ uid: 'eve', until: 2_000_000 }];
    const memory = createMemoryBus(assert.ifError);
    bus = {
      ...memory,
      onLoss: (handler) => {
        lose = handler;
        return () => {};
      },
    };
    const directory: Pick<Directory, 'revokedFamilies' | 'banned' | 'removedUsers'> = {
      revokedFamilies: async () => revoked,
      banned: async (_at, among) => banned.filter(({ uid }) => among === undefined || among.includes(uid)),
      removedUsers: async () => removed,
    };
    revocations = await Revocations.open({
      ...{ directory: directory as Directory, bus, accessTtl: 900, clock: () => now },
    });
    revocations.onEnded((ended) => told.push(ended));
  });
  afterEach(() => revocations.close());
  const look = async (uid = 'zoe'): Promise<void> => {
    bus.publish({ type: 'stale', user: uid });
    await revocations.settled();
  };

  it('is told of each sign-in once, when it was revoked a moment ago', async () => {
    revoked.push({ sid: 's1', at: now });
    revocations.revoke(['s2']);
    revoked.push({ sid: 's2', at: now });
    await look();
    assert.deepEqual(told, []);
    assert.equal(revocations.isRevoked('s1'), true);
    now += 2000;
    await look();
    await look();
    assert.deepEqual(told, [{ sids: new Set(['s1', 's2']), banned: [], removed: [] }]);
  });

  it('is told of a ban and a removal that it had not heard of, and of none that was there before', async () => {
    banned.push({ uid: 'bob', until: 2_000_000 });
    removed.push('cid');
    await look('bob');
    await look('bob');
    assert.deepEqual(told, [{ sids: new Set(), banned: ['bob'], removed: ['cid'] }]);
  });

  it('is told at once of all bans after a loss on the bus', async () => {
    banned.push({ uid: 'bob', until: 2_000_000 });
    await look();
    assert.deepEqual(told, []);
    lose();
    await revocations.settled();
    assert.deepEqual(told, [{ sids: new Set(), banned: ['bob'], removed: [] }]);
  });
});
