import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { doors } from '../doors.ts';
import { type People, startPeople } from '../people.ts';

type Body = Record<string, unknown>;

for (const door of doors) {
  describe(`joining groups over ${door.name}`, () => {
    let people: People;
    const askers = ['dave', 'erin', 'frank'];
    before(async () => {
      people = await startPeople(door, ['alice', 'bob', 'carol', ...askers], { groups: { maxMembers: 4 } });
    });
    after(() => people.api.stop());

    const bodies = async (gid: string) =>
      (await people.api.timeline.range({ conv: `g:${gid}`, after: 1, limit: 100 })).map(
        ({ raw }) => (JSON.parse(Buffer.from(raw).toString()) as { body: Body }).body,
      );
    const join = async (uid: string, gid: string, code?: string) =>
      (await people.data(uid, 'groups.join', { gid, ...(code && { code }) })).state as unknown as string;
    const invite = async (gid: string, more: object = {}) =>
      (await people.data('alice', 'groups.invite', { gid, ...more })) as unknown as {
        code: string;
        expiresAt: number;
      };
    const requests = async (gid: string, more: object = {}) => {
      const { items, next } = await people.data('alice', 'groups.requests', { gid, ...more });
      return {
        uids: (items as unknown as Body[]).map(({ uid }) => uid),
        items: items as unknown as Body[],
        next,
      };
    };
    const told = (uid: string, gid: string) =>
      people
        .notices(uid, 'group')
        .filter((notice) => 'gid' in notice && notice.gid === gid)
        .map((notice) => ('action' in notice ? notice.action : ''));

    it('that are open takes a call, and a second one changes nothing', async () => {
      const gid = await people.group('alice', [], { join: 'open' });
      assert.deepEqual(await people.data('dave', 'groups.join', { gid }), { gid, state: 'joined' });
      assert.equal(await join('dave', gid), 'joined');
      assert.deepEqual(await bodies(gid), [{ action: 'joined', uids: ['dave'], by: 'dave' }]);
      assert.equal((await people.send('dave', `g:${gid}`, 'd1')).code, undefined);
      assert.equal((await people.events('dave', `g:${gid}`)).length, 2);
    });

    it('that approve asks owner and admins, once', async () => {
      const gid = await people.group('alice', ['bob', 'carol'], { join: 'approve' });
      await people.data('alice', 'groups.members.update', { gid, uid: 'bob', role: 'admin' });
      assert.deepEqual([await join('dave', gid), await join('dave', gid)], ['pending', 'pending']);
      assert.deepEqual(told('alice', gid), ['request']);
      assert.deepEqual(
        told('bob', gid).filter((action) => action === 'request'),
        ['request'],
      );
      assert.equal(told('carol', gid).includes('request'), false);
      const { items } = await requests(gid);
      assert.deepEqual([items[0]!.uid, items[0]!.name, typeof items[0]!.at], ['dave', 'The dave', 'number']);
      await people.refused('carol', 'groups.requests', { gid }, 'auth.forbidden', 403);
      await people.refused('dave', 'groups.get', { gid }, 'group.not-found', 404);

      await people.refused('carol', 'groups.requests.accept', { gid, uid: 'dave' }, 'auth.forbidden', 403);
      const both = await Promise.all(
        ['alice', 'bob'].map((uid) => people.as(uid, 'groups.requests.accept', { gid, uid: 'dave' })),
      );
      assert.deepEqual(both.map(({ code }) => code ?? 'ok').sort(), ['group.request-not-found', 'ok']);
      const joined = (await bodies(gid)).filter(({ action }) => action === 'joined');
      assert.equal(joined.length, 1);
      assert.deepEqual(joined[0]!.uids, ['dave']);
      assert.deepEqual(told('dave', gid), ['added']);
      assert.equal(await join('dave', gid), 'joined');
    });

    it('that approve can be declined, and asked again', async () => {
      const gid = await people.group('alice', [], { join: 'approve' });
      await join('dave', gid);
      await people.data('alice', 'groups.requests.decline', { gid, uid: 'dave' });
      assert.deepEqual(told('dave', gid), ['declined']);
      const again = { gid, uid: 'dave' };
      await people.refused('alice', 'groups.requests.decline', again, 'group.request-not-found', 404);
      await people.refused('alice', 'groups.requests.accept', again, 'group.request-not-found', 404);
      assert.deepEqual(await bodies(gid), []);
      assert.equal(await join('dave', gid), 'pending');
      assert.deepEqual((await requests(gid)).uids, ['dave']);
    });

    it('that approve lists who asked in pages, the first who asked first', async () => {
      const gid = await people.group('alice', [], { join: 'approve' });
      for (const [i, uid] of ['frank', 'dave', 'erin'].entries()) {
        await people.api.directory.changeGroup(gid, (change) => change.request(uid, 1000 + i));
      }
      const first = await requests(gid, { limit: 2 });
      assert.deepEqual(first.uids, ['frank', 'dave']);
      const second = await requests(gid, { limit: 2, cursor: first.next });
      assert.deepEqual([second.uids, second.next], [['erin'], undefined]);
      const cursor = Buffer.from('nonsense').toString('base64url');
      await people.refused('alice', 'groups.requests', { gid, cursor }, 'request.invalid', 400);
    });

    it('that are full is refused, and the request stays', async () => {
      const gid = await people.group('alice', ['bob', 'carol'], { join: 'approve' });
      await join('dave', gid);
      await join('erin', gid);
      await people.data('alice', 'groups.requests.accept', { gid, uid: 'dave' });
      const last = { gid, uid: 'erin' };
      await people.refused('alice', 'groups.requests.accept', last, 'group.full', 409);
      assert.deepEqual((await requests(gid)).uids, ['erin']);
      const { code } = await invite(gid);
      await people.refused('erin', 'groups.join', { gid, code }, 'group.full', 409);
      await people.data('alice', 'groups.update', { gid, join: 'open' });
      await people.refused('erin', 'groups.join', { gid }, 'group.full', 409);
      assert.equal((await people.data('alice', 'groups.get', { gid })).memberCount, 4);
    });

    it('that have one place left takes one of many who come at once', async () => {
      const gid = await people.group('alice', ['bob', 'carol'], { join: 'open' });
      const answers = await Promise.all(askers.map((uid) => people.as(uid, 'groups.join', { gid })));
      const codes = answers.map(({ code }) => code ?? 'ok').sort();
      assert.deepEqual(codes, ['group.full', 'group.full', 'ok']);
      assert.equal((await people.data('alice', 'groups.get', { gid })).memberCount, 4);
    });

    it('by invitation needs a code, which lets in whatever the group says', async () => {
      for (const mode of ['invite', 'approve', 'open']) {
        const gid = await people.group('alice', [], { join: mode });
        if (mode === 'invite') await people.refused('dave', 'groups.join', { gid }, 'auth.forbidden', 403);
        const { code, expiresAt } = await invite(gid);
        assert.match(code, /^[A-Za-z0-9_-]{22}$/);
        assert.ok(Math.abs(expiresAt - people.api.now() - 7 * 86_400_000) < 60_000);
        const wrong = { gid, code: 'x'.repeat(22) };
        await people.refused('dave', 'groups.join', wrong, 'group.invite-not-found', 404);
        if (mode === 'approve') await join('dave', gid);
        assert.equal(await join('dave', gid, code), 'joined');
        assert.equal(await join('erin', gid, code), 'joined');
        assert.equal(await join('erin', gid, code), 'joined');
        assert.deepEqual((await requests(gid)).uids, []);
      }
    });

    it('by an invitation for some is for them alone, and they are told of it', async () => {
      const gid = await people.group('alice');
      const { code, expiresAt } = await invite(gid, { uids: ['dave', 'dave'], ttl: 60 });
      assert.deepEqual(
        people.notices('dave', 'group').find((notice) => 'code' in notice && notice.code === code),
        { type: 'group', gid, action: 'invited', by: 'alice', code, expiresAt },
      );
      await people.refused('erin', 'groups.join', { gid, code }, 'group.invite-not-found', 404);
      assert.equal(await join('dave', gid, code), 'joined');
      const nobody = { gid, uids: ['dave', 'nobody'] };
      await people.refused('alice', 'groups.invite', nobody, 'user.not-found', 404);
    });

    it('by an invitation ends with its time, with its removal, and with the group', async () => {
      const gid = await people.group('alice', ['bob']);
      const [short, long] = [await invite(gid, { ttl: 60 }), await invite(gid, { ttl: 31_536_000 })];
      const listed = async () =>
        (await people.data('alice', 'groups.invites.list', { gid })).items as unknown as Body[];
      const [first] = await listed();
      assert.deepEqual(Object.keys(first!).sort(), ['by', 'code', 'createdAt', 'expiresAt']);
      assert.deepEqual([first!.by, (await listed()).length], ['alice', 2]);
      people.api.pass(60_001);
      const late = { gid, code: short.code };
      await people.refused('dave', 'groups.join', late, 'group.invite-not-found', 404);
      assert.deepEqual(
        (await listed()).map(({ code }) => code),
        [long.code],
      );
      people.api.pass(-60_001);
      await people.refused('bob', 'groups.invites.list', { gid }, 'auth.forbidden', 403);
      const taken = { gid, code: long.code };
      await people.refused('bob', 'groups.invites.remove', taken, 'auth.forbidden', 403);
      await people.data('alice', 'groups.invites.remove', taken);
      await people.refused('alice', 'groups.invites.remove', taken, 'group.invite-not-found', 404);
      await people.refused('dave', 'groups.join', taken, 'group.invite-not-found', 404);
      const last = { gid, code: (await invite(gid)).code };
      await people.data('alice', 'groups.dissolve', { gid });
      await people.refused('dave', 'groups.join', last, 'group.not-found', 404);
    });

    it('by an invitation belongs to one group', async () => {
      const [one, two] = [await people.group('alice'), await people.group('alice')];
      const { code } = await invite(one);
      await people.refused('dave', 'groups.join', { gid: two, code }, 'group.invite-not-found', 404);
      await people.refused('alice', 'groups.invite', { gid: one, ttl: 0 }, 'request.invalid', 400);
      await people.refused('alice', 'groups.invite', { gid: one, ttl: 31_536_001 }, 'request.invalid', 400);
    });
  });
}
