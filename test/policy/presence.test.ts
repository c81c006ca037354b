import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maySeePresence, type PresencePolicy, Sight } from '../../policy/presence.ts';
import type { DirectFacts } from '../../store/directory.ts';

const stranger = { exists: true, blocked: false, friends: false };

it('shows presence to friends and to those one talks with, as the policy says, and never over a block', () => {
  for (const [policy, facts, talked, expected] of [
    ['contacts', stranger, false, false],
    ['contacts', stranger, true, true],
    ['contacts', { ...stranger, friends: true }, false, true],
    ['friends', stranger, true, false],
    ['friends', { ...stranger, friends: true }, false, true],
    ['nobody', { ...stranger, friends: true }, true, false],
    ['contacts', { ...stranger, friends: true, blocked: true }, true, false],
    ['contacts', { ...stranger, exists: false }, true, false],
  ] as const) {
    assert.equal(
      maySeePresence(policy, facts, talked),
      expected,
      `${policy} ${JSON.stringify(facts)} ${talked}`,
    );
  }
});

describe('who sees whom', () => {
  /** `blocked` and `talked` name pairs as `a>b`, the first in the order of the alphabet. */
  const sightOf = (policy: PresencePolicy, { blocked = [''], talked = [''], hidden = [''] }) => {
    const asked: string[] = [];
    const pairOf = (a: string, b: string) => (a < b ? `${a}>${b}` : `${b}>${a}`);
    const sight = new Sight({
      policy,
      facts: {
        direct: async (a, b) => held<DirectFacts>({ ...stranger, blocked: blocked.includes(pairOf(a, b)) }),
        user: async (uid) =>
          held({ exists: true, removed: false, readReceipts: true, invisible: hidden.includes(uid) }),
      },
      talked: async (a, b) => {
        asked.push(pairOf(a, b));
        return talked.includes(pairOf(a, b));
      },
    });
    return { sight, asked };
  };
  const held = <F>(facts: F) => ({ facts, stale: false, until: Number.POSITIVE_INFINITY });

  it('remembers who has talked, and asks again about those who have not', async () => {
    const { sight, asked } = sightOf('contacts', { talked: ['ann>bob'], blocked: ['ann>cid'] });
    assert.deepEqual(
      [
        await sight.maySee('ann', 'bob'),
        await sight.maySee('bob', 'ann'),
        await sight.maySee('ann', 'dan'),
        await sight.maySee('ann', 'dan'),
        await sight.maySee('ann', 'cid'),
        await sight.maySee('ann', 'ann'),
      ],
      [true, true, false, false, false, true],
    );
    assert.deepEqual(asked, ['ann>bob', 'ann>dan', 'ann>dan']);
  });

  it('lets those of one conversation hear each other type, but for a block or a stricter policy', async () => {
    const between = { blocked: ['ann>cid'], hidden: ['bob'] };
    const { sight } = sightOf('contacts', between);
    assert.deepEqual([await sight.mayHear('ann', 'bob'), await sight.mayHear('ann', 'cid')], [true, false]);
    assert.deepEqual([await sight.isHidden('bob'), await sight.isHidden('ann')], [true, false]);
    assert.equal(await sightOf('friends', between).sight.mayHear('ann', 'bob'), false);
    assert.equal(await sightOf('nobody', between).sight.mayHear('ann', 'bob'), false);
  });
});
