import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubFixture, rest } from './fixture.ts';

const gid = 'team';
const conv = 'g:team';

describe('a session whose user joins or leaves a group', () => {
  it('gets what was stored between the joining and the news of it', async () => {
    const fixture = new HubFixture();
    const { link } = await fixture.connect('bob');
    fixture.add(conv);
    const joined = fixture.add(conv);
    fixture.add(conv);
    fixture.add(conv);
    fixture.bus.publish({ type: 'membership', gid, uid: 'bob', since: joined.seq });
    await rest();
    assert.deepEqual(link.seqs(conv), [2, 3, 4]);
    fixture.add(conv);
    assert.deepEqual(link.seqs(conv), [2, 3, 4, 5]);
    await fixture.hub.close();
  });

  it('gets nothing behind the event of its leaving, not even of the same commit', async () => {
    const fixture = new HubFixture();
    fixture.groups.set(gid, 1);
    const [bob, carol] = [await fixture.connect('bob'), await fixture.connect('carol')];
    fixture.bus.publish({ type: 'parting', gid, id: 'm2', uids: ['bob'] });
    for (let i = 0; i < 3; i++) fixture.add(conv);
    assert.deepEqual(bob.link.seqs(conv), [1, 2]);
    assert.deepEqual(carol.link.seqs(conv), [1, 2, 3]);
    fixture.bus.publish({ type: 'membership', gid, uid: 'bob' });
    fixture.add(conv);
    assert.deepEqual(bob.link.seqs(conv), [1, 2]);
    await fixture.hub.close();
  });

  it('is replayed what came before the joining once the group is open to all', async () => {
    const fixture = new HubFixture();
    for (let i = 0; i < 3; i++) fixture.add(conv);
    fixture.groups.set(gid, 3);
    await fixture.connect('bob');
    const earlier = await fixture.connect('bob', { stored: {}, open: false });
    await rest();
    earlier.session.open();
    await rest();
    assert.deepEqual(earlier.link.seqs(conv), [3]);
    fixture.bus.publish({ type: 'opened', gid });
    const later = await fixture.connect('bob', { stored: {} });
    await rest();
    assert.deepEqual(later.link.seqs(conv), [1, 2, 3]);
    await fixture.hub.close();
  });
});
