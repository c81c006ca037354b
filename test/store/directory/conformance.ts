import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Directory, SigningKey } from '../../../store/directory.ts';

/** A directory for one test, and another opening of the same data. */
export interface DirectoryFixture {
  readonly directory: Directory;
  /** Closes it and opens it again. */
  reopen(): Promise<Directory>;
  end(): Promise<void>;
}

/** What store/directory.ts promises, for every implementation. */
export function directoryConformance(name: string, open: () => Promise<DirectoryFixture>): void {
  describe(`the directory on ${name}`, () => {
    let fixture: DirectoryFixture;
    let directory: Directory;
    const user = (uid: string) =>
      directory.createUser({ uid, createdAt: 1000, origin: 'registered', passwordHash: `hash of ${uid}` });
    const event = (id: string) => ({ id, from: 'alice', raw: `{"id":"${id}"}` });
    const group = (gid: string, members: readonly string[] = [], history: 'joined' | 'all' = 'joined') =>
      directory.createGroup(
        { gid, name: gid, owner: 'alice', join: 'open', muted: false, history, createdAt: 5 },
        members,
        event(`${gid}-1`),
      );
    /** Pays the group's oldest debt as if its event had that place. */
    const pay = async (gid: string, seq: number, n: number) => {
      const [owed] = await directory.owed(gid, 1);
      await directory.settle(gid, owed!.change, { seq, n });
      await directory.forget(gid, owed!.change);
    };

    beforeEach(async () => {
      fixture = await open();
      directory = fixture.directory;
    });
    afterEach(() => fixture.end());

    it('makes a user once', async () => {
      assert.equal(await user('alice'), true);
      assert.equal(await user('alice'), false);
      assert.deepEqual(await directory.getUser('alice'), {
        uid: 'alice',
        passwordHash: 'hash of alice',
        createdAt: 1000,
        bannedUntil: 0,
        origin: 'registered',
        discoverable: true,
        readReceipts: true,
        invisible: false,
      });
      assert.equal(await directory.getUser('bob'), undefined);
    });

    it('makes a user once when asked at the same time', async () => {
      const made = await Promise.all(Array.from({ length: 20 }, () => user('alice')));
      assert.equal(made.filter(Boolean).length, 1);
    });

    it('tells handles apart by every character', async () => {
      await user('a.b');
      await user('a_b');
      assert.deepEqual(
        await directory.existing(['a.b', 'a_b', 'axb', 'a-b', 'a.b ']),
        new Set(['a.b', 'a_b']),
      );
    });

    it('makes missing users of a list, and says which', async () => {
      await user('alice');
      const lists = [['alice', 'bob', 'carol'], ['bob', 'dave'], []];
      const made = await Promise.all(lists.map((uids) => directory.ensureUsers(uids, 7)));
      assert.deepEqual(made.flat().sort(), ['bob', 'carol', 'dave']);
      assert.equal((await directory.getUser('dave'))?.origin, 'token');
    });

    it('gives the names of those who have one', async () => {
      await directory.createUser({ uid: 'ann', name: 'Ann ❤', createdAt: 1, origin: 'registered' });
      await user('bob');
      assert.deepEqual(await directory.names(['ann', 'bob', 'nobody']), new Map([['ann', 'Ann ❤']]));
      assert.deepEqual(await directory.names([]), new Map());
    });

    it('bans until a time', async () => {
      await user('alice');
      assert.equal(await directory.setBan('nobody', 50), false);
      assert.equal(await directory.setBan('alice', 50), true);
      assert.equal(await directory.setBan('alice', 50), true);
      assert.deepEqual(
        [await directory.isBanned('alice', 49), await directory.isBanned('alice', 50)],
        [true, false],
      );
      assert.deepEqual(await directory.banned(49), [{ uid: 'alice', until: 50 }]);
      await directory.setBan('alice', 0);
      assert.equal(await directory.isBanned('alice', 0), false);
    });

    it('knows the facts of a pair', async () => {
      await user('alice');
      await user('bob');
      const none = { exists: true, blocked: false, friends: false };
      assert.deepEqual(await directory.directFacts('alice', 'bob'), none);
      assert.deepEqual(await directory.directFacts('alice', 'nobody'), { ...none, exists: false });
      assert.deepEqual(
        [await directory.userExists('bob'), await directory.userExists('nobody')],
        [true, false],
      );
    });

    it('keeps devices up to date', async () => {
      await directory.seeDevice({ uid: 'alice', did: 'd1', platform: 'web', lastSeen: 10 });
      await directory.seeDevice({ uid: 'alice', did: 'd1', name: 'Laptop', lastSeen: 20 });
      await Promise.all(
        [1, 2, 3].map((lastSeen) => directory.seeDevice({ uid: 'alice', did: 'd2', lastSeen })),
      );
      const [first, second] = await directory.devicesOf('alice');
      const expected = {
        uid: 'alice',
        did: 'd1',
        platform: 'web',
        name: 'Laptop',
        createdAt: 10,
        lastSeen: 20,
      };
      assert.deepEqual(first, expected);
      assert.equal(second!.did, 'd2');
    });

    describe('refresh families', () => {
      const family = (sid: string, uid = 'alice') =>
        directory.createFamily({ sid, uid, did: 'd', tokenHash: 'h1', createdAt: 1, expiresAt: 100 });

      it('take the next token in place of the current one alone, once', async () => {
        await family('s1');
        const tries = [1, 2, 3, 4].map((i) => directory.rotateFamily('s1', 'h1', `h2-${i}`, 200));
        const won = await Promise.all(tries);
        assert.equal(won.filter(Boolean).length, 1);
        const { tokenHash, expiresAt } = (await directory.getFamily('s1'))!;
        assert.deepEqual([tokenHash, expiresAt], [`h2-${won.indexOf(true) + 1}`, 200]);
        assert.equal(await directory.rotateFamily('s1', 'h1', 'h3', 300), false);
      });

      it('end, one or all of a user', async () => {
        await Promise.all([family('s1'), family('s2'), family('s3'), family('other', 'bob')]);
        assert.deepEqual(await directory.revokeFamilies('alice', 's1', 50), ['s1']);
        assert.deepEqual(await directory.revokeFamilies('alice', 's1', 60), []);
        assert.deepEqual(await directory.revokeFamilies('alice', 'other', 60), []);
        assert.deepEqual((await directory.revokeFamilies('alice', undefined, 60)).sort(), ['s2', 's3']);
        assert.equal(await directory.rotateFamily('s1', 'h1', 'h2', 200), false);
        const revoked = await directory.revokedFamilies(51);
        assert.deepEqual(revoked.map(({ sid }) => sid).sort(), ['s2', 's3']);
        assert.equal((await directory.revokedFamilies(0)).length, 3);
      });

      it('are forgotten after their end', async () => {
        await family('s1');
        assert.equal(await directory.pruneFamilies(100), 0);
        assert.equal(await directory.pruneFamilies(101), 1);
        assert.equal(await directory.getFamily('s1'), undefined);
      });
    });

    it('keeps signing keys, the newest first', async () => {
      const key = (kid: string, createdAt: number): SigningKey => ({
        kid,
        privateJwk: `private ${kid}`,
        publicJwk: `public ${kid}`,
        createdAt,
        retiredAt: 0,
        lastsUntil: 0,
      });
      await directory.addSigningKey(key('k1', 1));
      await directory.addSigningKey(key('k2', 2), 2);
      await directory.extendSigningKey('k1', 90);
      await directory.extendSigningKey('k1', 80);
      assert.deepEqual(await directory.signingKeys(), [
        key('k2', 2),
        { ...key('k1', 1), retiredAt: 2, lastsUntil: 90 },
      ]);
      await directory.removeSigningKey('k1');
      assert.equal((await directory.signingKeys()).length, 1);
    });

    describe('groups', () => {
      it('count their members, who have no part before the event has its seq', async () => {
        await group('g1', ['bob', 'carol']);
        assert.equal((await directory.getGroup('g1'))?.memberCount, 3);
        assert.deepEqual(await directory.groupFacts('g1', 'bob'), { exists: true, muted: false });
        assert.deepEqual(await directory.groupsOf('bob'), []);
        assert.deepEqual(await directory.owed('g1', 10), [{ gid: 'g1', change: 1, ...event('g1-1') }]);
        await pay('g1', 1, 0);
        assert.deepEqual((await directory.groupFacts('g1', 'bob')).member, {
          role: 'member',
          mutedUntil: 0,
          since: 1,
        });
        assert.equal((await directory.groupFacts('g1', 'alice')).member?.role, 'owner');
        assert.deepEqual(await directory.groupsOf('bob'), [{ gid: 'g1', since: 1, sinceN: 0, joinedAt: 5 }]);
        assert.deepEqual(await directory.groupFacts('g1', 'dave'), { exists: true, muted: false });
        assert.deepEqual(await directory.groupFacts('g2', 'bob'), { exists: false, muted: false });
      });

      it('add and remove members with the event they owe, or not at all', async () => {
        await group('g1', ['bob']);
        await pay('g1', 1, 0);
        const added = await directory.changeGroup('g1', async (change) => {
          const uids = await change.add(['bob', 'carol', 'carol', 'dave'], 'member', 9);
          await change.owe(event('g1-2'));
          return uids;
        });
        assert.deepEqual(added, ['carol', 'dave']);
        assert.equal((await directory.getGroup('g1'))?.memberCount, 4);
        await pay('g1', 7, 4);
        const [joined] = await directory.groupsOf('carol');
        assert.deepEqual(joined, { gid: 'g1', since: 7, sinceN: 4, joinedAt: 9 });
        assert.equal((await directory.groupFacts('g1', 'bob')).member?.since, 1);

        const failing = directory.changeGroup('g1', async (change) => {
          await change.remove('bob');
          await change.owe(event('g1-3'));
          throw new Error('no');
        });
        await assert.rejects(failing, /no/);
        assert.equal((await directory.getGroup('g1'))?.memberCount, 4);
        assert.deepEqual(await directory.owed('g1', 10), []);
        const gone = await directory.changeGroup('g1', async (change) => [
          await change.remove('bob'),
          await change.remove('bob'),
        ]);
        assert.deepEqual(gone, [true, false]);
        assert.equal(await directory.getMember('g1', 'bob'), undefined);
        assert.equal((await directory.getGroup('g1'))?.memberCount, 3);
      });

      it('show all from 1 where they show their history', async () => {
        await group('g1', [], 'all');
        await pay('g1', 1, 0);
        await directory.changeGroup('g1', async (change) => {
          await change.add(['bob'], 'member', 9);
          await change.owe(event('g1-2'));
        });
        await pay('g1', 8, 6);
        assert.deepEqual((await directory.groupsOf('bob'))[0], {
          gid: 'g1',
          since: 1,
          sinceN: 6,
          joinedAt: 9,
        });
      });

      it('change one after the other, and owe in that order', async () => {
        await group('g1');
        const uids = Array.from({ length: 20 }, (_, i) => `u${i}`);
        await Promise.all(
          uids.map((uid) =>
            directory.changeGroup('g1', async (change) => {
              const count = change.group!.memberCount;
              await change.add([uid], 'member', 9);
              await change.owe(event(`count-${count}`));
            }),
          ),
        );
        assert.equal((await directory.getGroup('g1'))?.memberCount, 21);
        const owed = await directory.owed('g1', 100);
        const expected = ['g1-1', ...uids.map((_, i) => `count-${i + 1}`)];
        assert.deepEqual(
          owed.map(({ id }) => id),
          expected,
        );
        assert.deepEqual(
          owed.map(({ change }) => change),
          expected.map((_, i) => i + 1),
        );
      });

      it('are listed in pages, with their members', async () => {
        for (const gid of ['g3', 'g1', 'g2']) await group(gid, ['bob']);
        const gids = async (after: string, limit: number) =>
          (await directory.listGroups('bob', after, limit)).map((one) => [one.group.gid, one.role]);
        assert.deepEqual(await gids('', 2), [
          ['g1', 'member'],
          ['g2', 'member'],
        ]);
        assert.deepEqual(await gids('g2', 2), [['g3', 'member']]);
        const members = await directory.listMembers('g1', 'alice', 10);
        assert.deepEqual(
          members.map(({ uid }) => uid),
          ['bob'],
        );
      });

      it('take ten thousand members in a call', async () => {
        const uids = Array.from({ length: 10_000 }, (_, i) => `m${String(i).padStart(5, '0')}`);
        await group('g1', uids.slice(0, 5000));
        const added = await directory.changeGroup('g1', (change) => change.add(uids, 'member', 9));
        assert.equal(added.length, 5000);
        const page = await directory.listMembers('g1', 'm04999', 2);
        assert.deepEqual(
          page.map(({ uid }) => uid),
          ['m05000', 'm05001'],
        );
        assert.equal((await directory.existing(uids)).size, 0);
      });

      it('end, and their members go after the last event is told', async () => {
        await group('g1', ['bob']);
        await pay('g1', 1, 0);
        await directory.changeGroup('g1', async (change) => {
          await change.dissolve(9);
          await change.owe(event('end'));
        });
        assert.equal(await directory.getGroup('g1'), undefined);
        assert.deepEqual(await directory.groupFacts('g1', 'bob'), { exists: false, muted: false });
        assert.deepEqual(await directory.groupsOf('bob'), []);
        assert.deepEqual(await directory.listGroups('bob', '', 10), []);
        assert.equal(await directory.changeGroup('g1', async (change) => change.group), undefined);
        assert.deepEqual(await directory.owingGroups(10), ['g1']);
        assert.deepEqual(await directory.finishDissolve('g1', 1), ['alice']);
        assert.deepEqual(await directory.finishDissolve('g1', 10), ['bob']);
        assert.deepEqual(await directory.finishDissolve('g1', 10), []);
      });
    });

    it('has everything again when it is opened again', async () => {
      await user('alice');
      await group('g1', ['bob']);
      directory = await fixture.reopen();
      assert.equal((await directory.getUser('alice'))?.passwordHash, 'hash of alice');
      assert.equal((await directory.owed('g1', 10)).length, 1);
      await directory.check();
    });
  });
}
