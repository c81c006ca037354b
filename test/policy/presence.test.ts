import assert from 'node:assert/strict';
import { it } from 'node:test';
import { maySeePresence } from '../../policy/presence.ts';

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
