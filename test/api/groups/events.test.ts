import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { GroupEvents } from '../../../api/groups/events.ts';
import { PetrelError } from '../../../schemas/errors.ts';
import type { Submission } from '../../../store/timeline.ts';
import { type Ask, doors } from '../doors.ts';
import { startApi, type TestApi } from '../server.ts';

describe('what groups owe their timelines', () => {
  let api: TestApi;
  let ask: Ask;
  let token: string;

  beforeEach(async () => {
    api = await startApi();
    ask = doors[0]!.open(api);
    token = await api.token('alice');
    for (const uid of ['bob', 'carol']) await ask('me.get', {}, await api.token(uid));
  });
  afterEach(() => api.stop());

  const bodies = async (gid: string) =>
    (await api.timeline.range({ conv: `g:${gid}`, after: 0, limit: 100 })).map(
      ({ raw }) => JSON.parse(Buffer.from(raw).toString()).body,
    );

  it('is paid in the order of the changes when the timeline comes back', async () => {
    api.failCommits(true);
    const created = await ask('groups.create', { name: 'Birds', members: ['bob'] }, token);
    const gid = created.data.gid as unknown as string;
    assert.equal(created.status, 201);
    assert.deepEqual(await api.directory.groupFacts(gid, 'alice'), { exists: true, muted: false });
    await ask('groups.members.add', { gid, uids: ['carol'] }, token);
    assert.deepEqual(await bodies(gid), []);
    api.failCommits(false);
    await api.groupEvents.pay(gid);
    assert.deepEqual(await bodies(gid), [
      { action: 'created', name: 'Birds', uids: ['alice', 'bob'] },
      { action: 'added', uids: ['carol'], by: 'alice' },
    ]);
    assert.equal((await api.directory.groupFacts(gid, 'bob')).member?.since, 1);
    assert.equal((await api.directory.groupFacts(gid, 'carol')).member?.since, 2);
    assert.deepEqual(await api.directory.owingGroups(10), []);
  });

  it('is paid at the next start after a crash, once, whether the event was stored before it or not', async () => {
    api.failCommits(true);
    const { data } = await ask('groups.create', { name: 'Birds' }, token);
    const gid = data.gid as unknown as string;
    const [owed] = await api.directory.owed(gid, 10);
    const submission: Submission = {
      conv: `g:${gid}`,
      from: 'alice',
      id: owed!.id,
      counts: false,
      raw: Buffer.from(owed!.raw),
    };
    // The crash comes after the event is stored and before the debt is forgotten.
    await api.timeline.append([submission]);
    const restarted = new GroupEvents({
      directory: api.directory,
      bus: { publish: api.publish, flushed: () => Promise.resolve() },
      committer: { submit: async (given) => (await api.timeline.append([given]))[0]! },
    });
    restarted.start();
    while ((await api.directory.owingGroups(1)).length > 0) await new Promise(setImmediate);
    await restarted.close();
    assert.equal((await bodies(gid)).length, 1);
    assert.equal((await api.directory.groupFacts(gid, 'alice')).member?.since, 1);
  });

  it('of one group does not hold up the others', async () => {
    api.failCommits(true);
    const make = async (name: string) =>
      (await ask('groups.create', { name }, token)).data.gid as unknown as string;
    const gids = [await make('one'), await make('two'), await make('three')].sort();
    const restarted = new GroupEvents({
      directory: api.directory,
      bus: { publish: api.publish, flushed: () => Promise.resolve() },
      committer: {
        submit: async (given) => {
          if (given.conv === `g:${gids[0]}`) throw new PetrelError('store.unavailable');
          return (await api.timeline.append([given]))[0]!;
        },
      },
    });
    restarted.start();
    while ((await api.directory.owingGroups(10)).length > 1) await new Promise(setImmediate);
    await restarted.close();
    assert.deepEqual(await api.directory.owingGroups(10), [gids[0]]);
  });

  it('has ids that no member can take before', async () => {
    const { data } = await ask('groups.create', { name: 'Birds' }, token);
    const [event] = await api.timeline.range({ conv: `g:${data.gid}`, after: 0, limit: 1 });
    assert.match(JSON.parse(Buffer.from(event!.raw).toString()).id, /^s-[0-9a-f]{24}$/);
  });
});
