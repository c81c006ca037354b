import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { depart, departEverywhere } from '../../../api/groups/depart.ts';
import { doors } from '../doors.ts';
import { type People, startPeople } from '../people.ts';

describe('a user who departs', () => {
  let people: People;
  const services = () => ({
    directory: people.api.directory,
    groupEvents: people.api.groupEvents,
    clock: people.api.now,
  });
  const bodies = async (gid: string) =>
    (await people.api.timeline.range({ conv: `g:${gid}`, after: 1, limit: 100 })).map(
      ({ raw }) => JSON.parse(Buffer.from(raw).toString()).body,
    );
  const setRole = (gid: string, uid: string, role: 'admin') =>
    people.api.directory.changeGroup(gid, (change) => change.updateMember(uid, { role }));

  beforeEach(async () => {
    people = await startPeople(doors[0]!, ['alice', 'bob', 'carol', 'dave']);
  });
  afterEach(() => people.api.stop());

  it('is no longer a member, once', async () => {
    const gid = await people.group('alice', ['bob']);
    await depart(services(), gid, 'bob');
    await depart(services(), gid, 'bob');
    await depart(services(), 'g-nothing', 'bob');
    assert.deepEqual(await bodies(gid), [{ action: 'left', uids: ['bob'], by: 'bob' }]);
    assert.equal((await people.as('bob', 'groups.get', { gid })).code, 'group.not-found');
  });

  it('leaves an own group to the first admin, else to the first member', async () => {
    const gid = await people.group('alice', ['bob']);
    await people.data('alice', 'groups.members.add', { gid, uids: ['carol'] });
    await people.data('alice', 'groups.members.add', { gid, uids: ['dave'] });
    await setRole(gid, 'dave', 'admin');
    await depart(services(), gid, 'alice');
    assert.equal((await people.data('dave', 'groups.get', { gid })).owner, 'dave');
    await depart(services(), gid, 'dave');
    const { owner, memberCount } = await people.data('carol', 'groups.get', { gid });
    assert.deepEqual([owner, memberCount], ['bob', 2]);
    assert.deepEqual((await bodies(gid)).slice(-4), [
      { action: 'owner', uid: 'dave', by: 'alice' },
      { action: 'left', uids: ['alice'], by: 'alice' },
      { action: 'owner', uid: 'bob', by: 'dave' },
      { action: 'left', uids: ['dave'], by: 'dave' },
    ]);
  });

  it('takes a group along in which nobody else is', async () => {
    const gid = await people.group('alice');
    await depart(services(), gid, 'alice');
    assert.deepEqual(await bodies(gid), [{ action: 'dissolved' }]);
    assert.equal((await people.as('alice', 'groups.get', { gid })).code, 'group.not-found');
  });

  it('departs from everywhere, and a second time goes on where a crash was', async () => {
    const own = await people.group('alice', ['bob']);
    const alone = await people.group('alice');
    const other = await people.group('carol', ['alice']);
    const waiting = await people.group('dave');
    await people.api.directory.changeGroup(waiting, (change) => change.request('alice', 1));
    people.api.failCommits(true);
    await departEverywhere(services(), 'alice');
    people.api.failCommits(false);
    await departEverywhere(services(), 'alice');
    for (const gid of [own, alone, other]) await people.api.groupEvents.pay(gid);
    assert.deepEqual(await people.api.directory.listGroups('alice', '', 10), []);
    assert.equal((await people.data('bob', 'groups.get', { gid: own })).owner, 'bob');
    assert.deepEqual(await bodies(other), [{ action: 'left', uids: ['alice'], by: 'alice' }]);
    assert.deepEqual(await people.api.directory.listRequests(waiting, undefined, 10), []);
    assert.deepEqual(await people.api.directory.owingGroups(10), []);
  });
});
