import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withoutSecrets } from '../../../api/operators/secrets.ts';

describe('what the audit log keeps of an input', () => {
  it('is all but secrets and bodies, however deep', () => {
    const given = {
      uid: 'ann',
      password: 'p',
      body: { text: 't' },
      users: [{ uid: 'ben', passwordHash: 'h', code: 'c' }],
      deep: { secret: 's', otp: 'o', on: true, until: 5, none: null },
    };
    assert.deepEqual(withoutSecrets(given), {
      uid: 'ann',
      users: [{ uid: 'ben' }],
      deep: { on: true, until: 5, none: null },
    });
  });

  it('is short', () => {
    const shown = withoutSecrets({
      name: 'x'.repeat(1000),
      uids: Array.from({ length: 10_000 }, (_, i) => `u${i}`),
    }) as { name: string; uids: string[] };
    assert.equal(shown.name.length, 257);
    assert.deepEqual(shown.uids.slice(19), ['u19', '… 10000 in all']);
    const members = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`m${i}`, i]));
    assert.equal(Object.keys(withoutSecrets(members) as object).length, 20);
  });
});
