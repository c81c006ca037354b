import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ChangeTarget, changeRefusal, changeWindows } from '../../policy/send.ts';
import type { GroupRole } from '../../store/directory.ts';

const hour = 3_600_000;
const windows = { editMs: hour, recallMs: 2 * hour, managerRecallMs: 3 * hour };
const message: ChangeTarget = { from: 'bob', ts: 0, recalled: false, message: true, forwarded: false };
type Role = GroupRole | 'direct';

describe('a change of a message', () => {
  const refusal = (
    type: 'edit' | 'recall' | 'react' | 'pin',
    uid: string,
    role: Role,
    { hours = 0, target = message, limits = windows } = {},
  ) =>
    changeRefusal(type, uid, target, role === 'direct' ? undefined : role, limits, hours * hour) ?? 'allowed';

  it('is allowed by who makes it, in which role, and when', () => {
    const ok = 'allowed';
    const no = 'send.not-allowed';
    const late = 'send.too-late';
    // What its sender may do and what others may, after 1, 2, 3 and 4 hours.
    for (const [type, who, role, expected] of [
      ['edit', 'bob', 'direct', [ok, late, late, late]],
      ['edit', 'bob', 'owner', [ok, late, late, late]],
      ['edit', 'alice', 'owner', [no, no, no, no]],
      ['recall', 'bob', 'direct', [ok, ok, late, late]],
      ['recall', 'bob', 'member', [ok, ok, late, late]],
      ['recall', 'bob', 'admin', [ok, ok, ok, late]],
      ['recall', 'alice', 'owner', [ok, ok, ok, late]],
      ['recall', 'alice', 'admin', [ok, ok, ok, late]],
      ['recall', 'alice', 'member', [no, no, no, no]],
      ['recall', 'alice', 'direct', [no, no, no, no]],
      ['react', 'alice', 'member', [ok, ok, ok, ok]],
      ['pin', 'alice', 'direct', [ok, ok, ok, ok]],
      ['pin', 'alice', 'admin', [ok, ok, ok, ok]],
      ['pin', 'alice', 'member', [no, no, no, no]],
    ] as const)
      assert.deepEqual(
        [1, 2, 3, 4].map((hours) => refusal(type, who, role, { hours })),
        expected,
        `${type} by ${who} as ${role}`,
      );
  });

  it('has no end where a window is 0', () => {
    const limits = changeWindows({ editWindow: 0, recallWindow: 0, managerRecallWindow: 0 });
    for (const type of ['edit', 'recall'] as const)
      assert.equal(refusal(type, 'bob', 'direct', { hours: 1e6, limits }), 'allowed');
    assert.equal(refusal('recall', 'alice', 'owner', { hours: 1e6, limits }), 'allowed');
    assert.equal(changeWindows({ editWindow: 5, recallWindow: 6, managerRecallWindow: 7 }).recallMs, 6000);
  });

  it('is of messages alone, and of recalled ones only a recall', () => {
    const types = ['edit', 'recall', 'react', 'pin'] as const;
    const event = { ...message, message: false };
    for (const type of types)
      assert.equal(refusal(type, 'bob', 'owner', { target: event }), 'target.not-found');
    const recalled = { ...message, recalled: true };
    assert.deepEqual(
      types.map((type) => refusal(type, 'bob', 'owner', { target: recalled })),
      ['target.not-found', 'allowed', 'target.not-found', 'target.not-found'],
    );
    assert.equal(changeRefusal('edit', 'bob', undefined, undefined, windows, 0), 'target.not-found');
  });

  it('puts no words into others’ mouths: what was forwarded is not edited', () => {
    const target = { ...message, forwarded: true };
    assert.equal(refusal('edit', 'bob', 'direct', { target }), 'send.not-allowed');
    assert.equal(refusal('recall', 'bob', 'direct', { target }), 'allowed');
  });
});
