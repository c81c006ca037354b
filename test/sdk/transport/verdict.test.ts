import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { backoffMs } from '../../../sdk/transport/backoff.ts';
import { refusalOf, wordsOf } from '../../../sdk/transport/reasons.ts';
import { verdictOf } from '../../../sdk/transport/verdict.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('pause between tries', () => {
  it('grows from a quarter of a second to half a minute, and is never long at first', () => {
    fc.assert(
      fc.property(fc.nat(200), random, (failures, chance) => {
        const pauseMs = backoffMs(failures, () => chance);
        assert.ok(pauseMs >= 250 && pauseMs <= 30_000);
        assert.ok(pauseMs <= 500 * 2 ** failures);
      }),
    );
  });

  it('comes after every end of a connection but a takeover', () => {
    fc.assert(
      fc.property(
        fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
        fc.nat(50),
        random,
        (reason, n, chance) => {
          const { pauseMs } = verdictOf({ ...(reason !== undefined && { reason }) }, n, () => chance);
          if (reason === 0x8e) assert.equal(pauseMs, undefined);
          else assert.ok(pauseMs !== undefined && pauseMs >= 0 && pauseMs <= 120_000);
          if (n > 3 && pauseMs !== undefined) assert.ok(pauseMs >= 250);
        },
      ),
    );
  });
});

describe('what follows from the end of a connection', () => {
  const of = (reason: number, reasonString?: string) =>
    verdictOf({ reason, ...(reasonString !== undefined && { reasonString }) }, 0);

  it('asks for another token where the token may be the cause', () => {
    for (const reason of [0x86, 0x87, 0x98]) assert.equal(of(reason).token, 'refused');
    assert.equal(of(0x87, 'auth.expired: The access token has expired.').token, 'refused');
  });

  it('tells of a ban, of a takeover and of a will that is not allowed', () => {
    assert.equal(of(0x87, 'auth.banned: This account is banned.').token, 'banned');
    assert.equal(of(0x8e).error?.code, 'client.taken-over');
    const will = of(0x87, 'topic.forbidden: The will may not go to this topic.');
    assert.deepEqual([will.token, will.error?.code], [undefined, 'topic.forbidden']);
    assert.ok(will.pauseMs !== undefined && will.pauseMs >= 30_000);
  });

  it('comes back soon to a server that is stopped', () => {
    for (const reason of [0x8b, 0x9c, 0x9d]) assert.ok(of(reason).pauseMs! <= 2000);
  });
});

describe('refusals', () => {
  it('have the code of the reason string, or one of the reason code', () => {
    assert.deepEqual(wordsOf('send.not-member: You are not a member.'), {
      code: 'send.not-member',
      text: 'You are not a member.',
    });
    assert.deepEqual(wordsOf('The access token has expired.'), {});
    assert.deepEqual(wordsOf(undefined), {});
    assert.equal(refusalOf(0x99, undefined, 'auth.forbidden').code, 'payload.invalid');
    assert.equal(refusalOf(0x87, undefined, 'auth.forbidden').code, 'auth.forbidden');
  });

  it('say whether and when the same may succeed', () => {
    const rate = refusalOf(
      0x97,
      { reasonString: 'send.rate: Too fast.', userProperties: { 'retry-after': '70' } },
      'x',
    );
    assert.deepEqual([rate.code, rate.retryable, rate.retryAfter], ['send.rate', true, 70]);
    const full = refusalOf(0x97, { reasonString: 'pin.full: Full.' }, 'x');
    assert.deepEqual([full.code, full.retryable, full.retryAfter], ['pin.full', false, undefined]);
    assert.ok(refusalOf(0x83, undefined, 'x').retryable);
  });
});
