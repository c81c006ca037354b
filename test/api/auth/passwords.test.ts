import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPasswords } from '../../../api/auth/passwords.ts';

describe('passwords', () => {
  const passwords = createPasswords({ bcryptCost: 4 });

  it('count to their last character, past what bcrypt reads', async () => {
    const long = 'x'.repeat(127);
    const hash = await passwords.hash(`${long}a`);
    assert.equal(await passwords.matches(`${long}a`, hash), true);
    assert.equal(await passwords.matches(`${long}b`, hash), false);
  });

  it('count past a NUL', async () => {
    const hash = await passwords.hash('pass\0word one');
    assert.equal(await passwords.matches('pass\0word one', hash), true);
    assert.equal(await passwords.matches('pass\0word two', hash), false);
  });

  it('are the same however a keyboard composes them', async () => {
    const hash = await passwords.hash('caf\u00e9 noir');
    assert.equal(await passwords.matches('cafe\u0301 noir', hash), true);
  });

  it('never match where there is no user', async () => {
    assert.equal(await passwords.matches('nobody has this password', undefined), false);
  });
});
