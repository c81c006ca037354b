import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addressKey, Limits } from '../../policy/limits.ts';
import { Buckets } from '../../policy/rate.ts';
import { type ConfigInput, createConfig } from '../../schemas/config.ts';

function limitsOf(limits: ConfigInput['limits']): { limits: Limits; pass: (ms: number) => void } {
  let now = 1_000_000;
  return {
    limits: new Limits(createConfig({ limits: { ...limits } }).limits, () => now),
    pass: (ms) => {
      now += ms;
    },
  };
}

const user = (uid: string) => ({ uid, address: '192.0.2.1', exempt: false });
const nobody = (address: string) => ({ address, exempt: false });

describe('limits of requests', () => {
  it('let five times the rate through at once, and then the rate', () => {
    const { limits, pass } = limitsOf({ requestPerSecond: 10 });
    const taken = () => Array.from({ length: 100 }, () => limits.request(user('alice')));
    assert.equal(taken().filter((wait) => wait === 0).length, 50);
    pass(1000);
    assert.equal(taken().filter((wait) => wait === 0).length, 10);
    assert.equal(limits.request(user('alice')), 100);
  });

  it('are those of a user alone, and of an address where nobody is signed in', () => {
    const { limits } = limitsOf({ requestPerSecond: 1 });
    for (let i = 0; i < 5; i++) limits.request(user('alice'));
    assert.ok(limits.request(user('alice')) > 0);
    assert.equal(limits.request(user('bob')), 0);
    for (let i = 0; i < 5; i++) assert.equal(limits.request(nobody('192.0.2.1')), 0);
    assert.ok(limits.request(nobody('192.0.2.1')) > 0);
    assert.equal(limits.request(nobody('192.0.2.2')), 0);
  });

  it('do not hold for scope admin, nor where they are 0', () => {
    const { limits } = limitsOf({ requestPerSecond: 1, groupPerHour: 1 });
    const admin = { ...user('backend'), exempt: true };
    for (let i = 0; i < 100; i++) assert.equal(limits.request(admin) + limits.act('group', admin), 0);
    const none = limitsOf({ requestPerSecond: 0, searchPerMinute: 0 }).limits;
    for (let i = 0; i < 9999; i++)
      assert.equal(none.request(user('alice')) + none.act('search', user('alice')), 0);
  });
});

describe('limits of a kind of action', () => {
  it('are counted each for itself, by the minute or hour', () => {
    const { limits, pass } = limitsOf({ searchPerMinute: 2, friendRequestPerHour: 3, groupPerHour: 4 });
    const alice = user('alice');
    const count = (kind: 'search' | 'friend-request' | 'group') => {
      let through = 0;
      while (limits.act(kind, alice) === 0) through++;
      return through;
    };
    assert.deepEqual([count('search'), count('friend-request'), count('group')], [2, 3, 4]);
    assert.equal(limits.act('search', alice), 30_000);
    assert.equal(limits.act('friend-request', alice), 1_200_000);
    pass(60_000);
    assert.deepEqual([count('search'), count('friend-request'), count('group')], [2, 0, 0]);
    pass(3_600_000);
    assert.deepEqual([count('search'), count('friend-request'), count('group')], [2, 3, 4]);
  });
});

describe('buckets', () => {
  it('never let more through than the burst and what the time allows', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 200 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 10, max: 60_000 }),
        steps,
        (count, period, waits) => {
          let now = 0;
          const buckets = Buckets.every(count, period, () => now);
          let through = 0;
          for (const wait of waits) {
            now += wait;
            if (buckets.take('alice') === 0) through++;
          }
          assert.ok(through <= count + (now * count) / period + 1e-6);
        },
      ),
    );
  });

  it('let one through who waits as long as told', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 3_600_000 }),
        (count, period) => {
          let now = 0;
          const buckets = Buckets.every(count, period, () => now);
          while (buckets.take('alice') === 0);
          now += buckets.take('alice');
          assert.equal(buckets.take('alice'), 0);
        },
      ),
      {
        examples: [
          [6, 790_560],
          [3, 2_752_995],
        ],
      },
    );
  });
});

describe('an address', () => {
  it('is its first 64 bits where it is IPv6, and itself where it is IPv4', () => {
    const keys: readonly (readonly [string, string])[] = [
      ['192.0.2.1', '192.0.2.1'],
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
      ['2001:DB8:0001:2::', '2001:db8:1:2::/64'],
      ['2001:db8::1', '2001:db8:0:0::/64'],
      ['fe80::1%eth0', 'fe80:0:0:0::/64'],
      ['::1', '0:0:0:0::/64'],
      ['', ''],
    ];
    for (const [address, key] of keys) assert.equal(addressKey(address), key, address);
  });
});
