import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Breaker } from '../../../worker/moderation/breaker.ts';

describe('the circuit breaker', () => {
  let now: number;
  let told: string[];
  let breaker: Breaker;
  beforeEach(() => {
    now = 0;
    told = [];
    breaker = new Breaker({
      maxFailures: 3,
      restMs: 1000,
      monotonicMs: () => now,
      onOpen: () => told.push('open'),
      onClose: () => told.push('closed'),
    });
  });
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) breaker.failed();
  };

  it('admits all while it works, and after failures that are not in a row', () => {
    fail(2);
    breaker.succeeded();
    fail(2);
    assert.equal(breaker.admits(), true);
    assert.equal(breaker.admits(), true);
    assert.deepEqual(told, []);
  });

  it('admits nobody for a while after failures in a row, then one who tries', () => {
    fail(3);
    assert.equal(breaker.admits(), false);
    now = 999;
    assert.equal(breaker.admits(), false);
    now = 1000;
    assert.equal(breaker.admits(), true);
    assert.equal(breaker.admits(), false);
    assert.deepEqual(told, ['open']);
  });

  it('rests again when the one who tries fails, and admits all when it works', () => {
    fail(3);
    now = 1000;
    assert.equal(breaker.admits(), true);
    breaker.failed();
    assert.equal(breaker.admits(), false);
    now = 2000;
    assert.equal(breaker.admits(), true);
    breaker.succeeded();
    assert.deepEqual([breaker.admits(), breaker.admits()], [true, true]);
    assert.deepEqual(told, ['open', 'closed']);
  });
});
