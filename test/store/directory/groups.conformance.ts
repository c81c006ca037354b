import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Directory, GroupChange, JoinRequest } from '../../../store/directory.ts';
import type { DirectoryFixture } from './conformance.ts';

/** What store/directory/groups.ts promises of settings, roles, requests and invitations, for every implementation. */
export function groupsConformance(name: string, open: () => Promise<DirectoryFixture>): void {
  describe(`groups in the directory on ${name}`, () => {
    let fixture: DirectoryFixture;
    let directory: Directory;
    const event = (id: string) => ({ id, from: 'alice', raw: `{"id":"${id}"}` });
    const group = (gid: string, members: readonly string[] = [], history: 'joined' | 'all' = 'joined') =>
      directory.createGroup(
        { gid, name: gid, owner: 'alice', join: 'open', muted: false, history, createdAt: 5 },
        members,
        event(`${gid}-1`),
      );
    const change = <T>(work: (change: GroupChange) => Promise<T>) => directory.changeGroup('g1', work);
    const addAt = (at: number, uids: readonly string[]) =>
      change(async (open) => {
        await open.add(uids, 'member', at);
        await open.owe(event(`add-${at}`));
      });
    /** Pays the oldest debt as if its event had that place. */
    const pay = async (seq: number, n: number) => {
      const [owed] = await directory.owed('g1', 1);
      await directory.settle('g1', owed!.change, { seq, n });
      await directory.forget('g1', owed!.change);
    };
    const since = async (uid: string) => (await directory.groupFacts('g1', uid)).member?.since;

    beforeEach(async () => {
      fixture = await open();
      directory = fixture.directory;
    });
    afterEach(() => fixture.end());

    it('take new settings, and lose what is taken away', async () => {
      await group('g1');
      await change((open) => open.update({ name: 'Fish ❤', avatar: 'a', announcement: 'b', muted: true }));
      await change((open) => open.update({ avatar: null, join: 'approve', history: 'all' }));
      await change((open) => open.update({}));
      assert.deepEqual(await directory.getGroup('g1'), {
        gid: 'g1',
        name: 'Fish ❤',
        owner: 'alice',
        announcement: 'b',
        join: 'approve',
        muted: true,
        history: 'all',
        memberCount: 1,
        createdAt: 5,
      });
      assert.equal((await directory.groupFacts('g1', 'alice')).muted, true);
    });

    it('change roles, mutes and nicks of one member alone', async () => {
      await group('g1', ['bob', 'carol']);
      await pay(1, 0);
      await change((open) => open.updateMember('bob', { role: 'admin', nick: 'Bobby', mutedUntil: 90 }));
      await change((open) => open.updateMember('carol', {}));
      const bob = { gid: 'g1', uid: 'bob', role: 'admin', joinedAt: 5, since: 1 };
      assert.deepEqual(await directory.getMember('g1', 'bob'), { ...bob, nick: 'Bobby', mutedUntil: 90 });
      assert.deepEqual((await directory.groupFacts('g1', 'bob')).member, {
        role: 'admin',
        mutedUntil: 90,
        since: 1,
      });
      assert.equal((await directory.getMember('g1', 'carol'))?.role, 'member');
      assert.deepEqual((await directory.managersOf('g1')).sort(), ['alice', 'bob']);
      await change((open) => open.updateMember('bob', { nick: null, mutedUntil: 0 }));
      assert.deepEqual(await directory.getMember('g1', 'bob'), { ...bob, mutedUntil: 0 });
    });

    it('have one owner, whoever hands them to whom', async () => {
      await group('g1', ['bob']);
      await change(async (open) => {
        await open.updateMember('bob', { mutedUntil: 90 });
        await open.transfer('bob');
      });
      assert.equal((await directory.getGroup('g1'))?.owner, 'bob');
      const members = await directory.listMembers('g1', '', 10);
      assert.deepEqual(
        members.map(({ uid, role, mutedUntil }) => [uid, role, mutedUntil]),
        [
          ['alice', 'admin', 0],
          ['bob', 'owner', 0],
        ],
      );
    });

    it('know who comes after the owner: the first admin, else the first member', async () => {
      await group('g1');
      assert.equal(await change((open) => open.successor()), undefined);
      await addAt(20, ['zoe']);
      await addAt(30, ['bob', 'adam']);
      assert.equal(await change((open) => open.successor()), 'zoe');
      await change((open) => open.remove('zoe'));
      assert.equal(await change((open) => open.successor()), 'adam');
      await change((open) => open.updateMember('bob', { role: 'admin' }));
      assert.equal(await change((open) => open.successor()), 'bob');
    });

    it('tell strangers from members, and users from nobody', async () => {
      await group('g1', ['bob']);
      assert.deepEqual(await change((open) => open.strangers(['carol', 'bob', 'dave', 'carol'])), [
        'carol',
        'dave',
      ]);
      await directory.createUser({ uid: 'bob', createdAt: 1, origin: 'token' });
      assert.equal(await change((open) => open.missing(['bob'])), undefined);
      assert.equal(await change((open) => open.missing(['bob', 'carol', 'dave'])), 'carol');
      assert.equal(await change((open) => open.missing([])), undefined);
    });

    it('show all to those who came while they did, whatever they do when the event has its seq', async () => {
      await group('g1', [], 'all');
      await pay(1, 0);
      await addAt(7, ['bob']);
      await change((open) => open.update({ history: 'joined' }));
      await addAt(8, ['carol']);
      await pay(5, 3);
      await pay(6, 3);
      assert.deepEqual([await since('bob'), await since('carol')], [1, 6]);
      const [joined] = await directory.groupsOf('bob');
      assert.deepEqual(joined, { gid: 'g1', since: 1, sinceN: 3, joinedAt: 7 });
    });

    it('open their history to those who have a part in them', async () => {
      const many = Array.from({ length: 1200 }, (_, i) => `m${i}`);
      await group('g1');
      await pay(1, 0);
      await addAt(7, many);
      await pay(4, 2);
      await addAt(8, ['waits']);
      await directory.openHistory('g1');
      assert.deepEqual([await since('m0'), await since('m1199')], [1, 1]);
      assert.equal((await directory.groupsOf('m700'))[0]!.sinceN, 2);
      await pay(6, 2);
      assert.equal(await since('waits'), 6);
    });

    describe('requests to join', () => {
      const asked = (uid: string, at: number) => change((open) => open.request(uid, at));
      const listed = async (after?: JoinRequest, limit = 10) => directory.listRequests('g1', after, limit);

      it('are noted once, and listed in the order of asking', async () => {
        await group('g1');
        assert.deepEqual([await asked('bob', 20), await asked('bob', 30)], [true, false]);
        await asked('carol', 10);
        await asked('adam', 20);
        assert.deepEqual(await listed(), [
          { uid: 'carol', at: 10 },
          { uid: 'adam', at: 20 },
          { uid: 'bob', at: 20 },
        ]);
        assert.deepEqual(await listed({ uid: 'carol', at: 10 }, 1), [{ uid: 'adam', at: 20 }]);
        assert.deepEqual(await listed({ uid: 'adam', at: 20 }), [{ uid: 'bob', at: 20 }]);
      });

      it('go when they are decided, when the user comes otherwise, and with the user', async () => {
        await group('g1');
        for (const [i, uid] of ['bob', 'carol', 'dave', 'erin'].entries()) await asked(uid, i);
        assert.equal(await change((open) => open.dropRequest('bob')), true);
        assert.equal(await change((open) => open.dropRequest('bob')), false);
        await addAt(9, ['carol', 'frank']);
        await directory.dropRequestsOf('dave');
        assert.deepEqual(await listed(), [{ uid: 'erin', at: 3 }]);
      });
    });

    describe('invitations', () => {
      const make = (code: string, createdAt: number, expiresAt: number, uids?: readonly string[]) =>
        change((open) => open.invite({ code, by: 'alice', createdAt, expiresAt, ...(uids && { uids }) }));
      const codes = async (now: number) =>
        (await directory.listInvites('g1', now, undefined, 10)).map(({ code }) => code);

      it('hold until they end', async () => {
        await group('g1');
        await make('c1', 10, 100, ['bob']);
        const invite = { gid: 'g1', code: 'c1', by: 'alice', createdAt: 10, expiresAt: 100, uids: ['bob'] };
        assert.deepEqual(await change((open) => open.invited('c1', 99)), invite);
        assert.equal(await change((open) => open.invited('c1', 100)), undefined);
        assert.equal(await change((open) => open.invited('C1', 50)), undefined);
        assert.deepEqual(await directory.listInvites('g1', 50, undefined, 10), [invite]);
        await make('c2', 150, 200);
        assert.deepEqual([await codes(50), await codes(150)], [['c2'], ['c2']]);
        assert.equal((await directory.listInvites('g1', 150, undefined, 10))[0]!.uids, undefined);
      });

      it('belong to their group, and are taken back once', async () => {
        await group('g1');
        await group('g2');
        await make('c1', 10, 100);
        assert.equal(await directory.changeGroup('g2', (open) => open.invited('c1', 50)), undefined);
        assert.equal(await directory.changeGroup('g2', (open) => open.dropInvite('c1')), false);
        assert.equal(await change((open) => open.dropInvite('c1')), true);
        assert.equal(await change((open) => open.dropInvite('c1')), false);
        assert.equal(await change((open) => open.invited('c1', 50)), undefined);
      });

      it('are listed in pages, in the order of their making', async () => {
        await group('g1');
        await make('b', 10, 100);
        await make('a', 10, 100);
        await make('c', 5, 100);
        assert.deepEqual(await codes(50), ['c', 'a', 'b']);
        const next = await directory.listInvites('g1', 50, { createdAt: 10, code: 'a' }, 10);
        assert.deepEqual(
          next.map(({ code }) => code),
          ['b'],
        );
      });
    });

    it('leave nothing behind when they end', async () => {
      await group('g1', ['bob']);
      await change((open) => open.request('carol', 1));
      await change((open) => open.invite({ code: 'c1', by: 'alice', createdAt: 1, expiresAt: 100 }));
      await change((open) => open.dissolve(9));
      assert.deepEqual(await directory.finishDissolve('g1', 10), ['alice', 'bob']);
      assert.deepEqual(await directory.listRequests('g1', undefined, 10), []);
      assert.deepEqual(await directory.listInvites('g1', 50, undefined, 10), []);
    });

    it('of ten thousand begin as a whole', async () => {
      const uids = Array.from({ length: 10_000 }, (_, i) => `m${i}`);
      await group('g1', uids, 'all');
      assert.equal((await directory.getGroup('g1'))?.memberCount, 10_001);
      await pay(1, 0);
      assert.deepEqual([await since('m0'), await since('m9999')], [1, 1]);
      await assert.rejects(group('g1', []));
    });
  });
}
