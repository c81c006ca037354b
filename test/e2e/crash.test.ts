import { after, before, describe, it } from 'node:test';
import { assertCrashSafe } from '../support/crash.ts';
import { Petrel } from '../support/petrel.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

describe('a server that is killed again and again', () => {
  it('loses nothing it has acknowledged, stores nothing twice, leaves no hole, and delivers all', (t) =>
    assertCrashSafe(petrel, t, 6));
});
