import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import { Stage } from './stage.ts';

describe('the profile of oneself', () => {
  const petrel = new Petrel();
  const stage = new Stage(petrel);
  before(() => petrel.start());
  after(() => petrel.remove());
  afterEach(() => stage.end());

  it('is shown as it is changed here, at once', async () => {
    const alice = await stage.person('alice');
    const profile = alice.profile(alice.uid);
    await until('a profile', () => profile.value !== undefined);
    assert.equal(profile.value?.name, undefined);
    await alice.request('me.update', { name: 'Alice' });
    assert.deepEqual(profile.value, { uid: alice.uid, name: 'Alice' });
    await alice.request('me.update', { name: null });
    assert.deepEqual(profile.value, { uid: alice.uid });
  });
});
