import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Directory } from '../../../store/directory.ts';
import type { DirectoryFixture } from './conformance.ts';

/** What store/directory/users.ts promises, for every implementation. */
export function usersConformance(name: string, open: () => Promise<DirectoryFixture>): void {
  describe(`users in the directory on ${name}`, () => {
    let fixture: DirectoryFixture;
    let directory: Directory;
    const user = (uid: string, label?: string) =>
      directory.createUser({
        uid,
        ...(label !== undefined && { name: label }),
        createdAt: 1000,
        origin: 'registered',
      });

    beforeEach(async () => {
      fixture = await open();
      directory = fixture.directory;
    });
    afterEach(() => fixture.end());

    it('knows the facts of a user, and of nobody', async () => {
      await user('alice');
      const fresh = { exists: true, removed: false, invisible: false, readReceipts: true };
      assert.deepEqual(await directory.userFacts('alice'), fresh);
      assert.deepEqual(await directory.userFacts('nobody'), { ...fresh, exists: false });
    });

    describe('changes of a user', () => {
      it('touch what they name, and null takes away', async () => {
        await user('alice', 'Alice');
        const full = { avatar: 'https://birds.example/a.png', bio: 'Sings.', invisible: true };
        assert.equal((await directory.updateUser('alice', full))?.bio, 'Sings.');
        const changed = await directory.updateUser('alice', { bio: null, name: 'Al', readReceipts: false });
        assert.deepEqual(changed, {
          uid: 'alice',
          name: 'Al',
          avatar: 'https://birds.example/a.png',
          createdAt: 1000,
          bannedUntil: 0,
          origin: 'registered',
          discoverable: true,
          readReceipts: false,
          invisible: true,
        });
        assert.deepEqual(await directory.getUser('alice'), changed);
        assert.deepEqual(await directory.updateUser('alice', {}), changed);
        const { invisible, readReceipts } = await directory.userFacts('alice');
        assert.deepEqual([invisible, readReceipts], [true, false]);
      });

      it('are for users who are there', async () => {
        assert.equal(await directory.updateUser('nobody', { name: 'No' }), undefined);
        assert.equal(await directory.getUser('nobody'), undefined);
      });
    });

    describe('a change of password', () => {
      const family = (sid: string, uid = 'alice') =>
        directory.createFamily({ sid, uid, did: sid, tokenHash: 'h', createdAt: 1, expiresAt: 9999 });
      const make = () =>
        directory.createUser({ uid: 'alice', passwordHash: 'old', createdAt: 1, origin: 'registered' });

      it('ends all sign-ins but one', async () => {
        await make();
        await Promise.all([family('s1'), family('s2'), family('s3'), family('other', 'bob')]);
        const ended = await directory.changePassword('alice', { from: 'old', to: 'new' }, 's2', 50);
        assert.deepEqual(ended?.sort(), ['s1', 's3']);
        assert.equal((await directory.getUser('alice'))?.passwordHash, 'new');
        assert.equal((await directory.getFamily('s2'))?.revokedAt, 0);
        assert.equal((await directory.getFamily('other'))?.revokedAt, 0);
        assert.equal((await directory.getFamily('s1'))?.revokedAt, 50);
        assert.deepEqual(
          await directory.changePassword('alice', { from: 'new', to: 'newer' }, undefined, 60),
          ['s2'],
        );
      });

      it('takes the place of the one it was checked against alone', async () => {
        await make();
        await family('s1');
        const tries = ['a', 'b', 'c'].map((to) =>
          directory.changePassword('alice', { from: 'old', to }, undefined, 50),
        );
        const done = await Promise.all(tries);
        assert.equal(done.filter((sids) => sids !== undefined).length, 1);
        assert.equal(await directory.changePassword('bob', { from: 'x', to: 'y' }, undefined, 1), undefined);
      });
    });

    describe('a search', () => {
      const found = async (text: string, asker = 'asker', limit = 100) =>
        (await directory.searchUsers({ text, asker, limit })).map(({ uid }) => uid);

      it('finds the beginning of a uid and of each word of a name, whatever its case and width', async () => {
        await user('alice', 'Alice  O’Brien-Smith');
        await user('bob', 'Ｂｏｂ ÅNGSTRÖM');
        for (const text of ['al', 'ALICE', 'alice o', 'o’b', 'brien', 'Smith', ' smi '])
          assert.deepEqual(await found(text), ['alice'], text);
        for (const text of ['bob', 'ångs', 'ANGSTRÖM'.normalize('NFD').replace('A', 'A\u030a'), 'ＢＯＢ'])
          assert.deepEqual(await found(text), ['bob'], text);
        for (const text of ['lice', 'mith', 'alice s', 'ob', 'ngs', ' ', '%', '_', 'al%', '\u{10ffff}'])
          assert.deepEqual(await found(text), [], text);
      });

      it('finds any run of characters of a name without spaces', async () => {
        await user('u1', '王小明');
        await user('u2', 'さくら ハナコ');
        await user('u3', '김철수 Kim');
        for (const text of ['王', '小', '小明', '王小明']) assert.deepEqual(await found(text), ['u1'], text);
        for (const text of ['くら', 'ナコ', 'ﾅｺ']) assert.deepEqual(await found(text), ['u2'], text);
        for (const text of ['철수', '수', 'kim']) assert.deepEqual(await found(text), ['u3'], text);
        assert.deepEqual(await found('王明'), []);
      });

      it('shows who has exactly this uid first, then by the word found, each once', async () => {
        await user('al', 'Zoe');
        await user('bo', 'Al Alba');
        await user('alba');
        await user('zz', 'ALBA al');
        assert.deepEqual(await found('al'), ['al', 'zz', 'bo', 'alba']);
        assert.deepEqual(await found('alba'), ['alba', 'bo', 'zz']);
      });

      it('goes on where the page before ended, also inside one word', async () => {
        const uids = Array.from({ length: 10 }, (_, i) => `user-${i}`);
        for (const uid of [...uids].reverse()) await user(uid, 'Sam Samson');
        await user('sam');
        for (const limit of [1, 2, 3, 7]) {
          const seen: string[] = [];
          for (let after: { word: string; uid: string } | undefined; ; ) {
            const page = await directory.searchUsers({
              text: 'sam',
              asker: 'x',
              limit,
              ...(after && { after }),
            });
            seen.push(...page.map(({ uid }) => uid));
            if (page.length < limit) break;
            after = page.at(-1)!.place;
          }
          assert.deepEqual(seen, ['sam', ...uids], `in pages of ${limit}`);
        }
      });

      it('follows the name and the wish to be found', async () => {
        await user('alice', 'Robin');
        await directory.updateUser('alice', { name: 'Wren' });
        assert.deepEqual([await found('robin'), await found('wren')], [[], ['alice']]);
        await directory.updateUser('alice', { name: null });
        assert.deepEqual([await found('wren'), await found('alice')], [[], ['alice']]);
        await directory.updateUser('alice', { discoverable: false, name: 'Robin' });
        assert.deepEqual([await found('robin'), await found('alice'), await found('ali')], [[], [], []]);
        assert.deepEqual(
          [await found('rob', 'alice'), await found('alice', 'alice')],
          [['alice'], ['alice']],
        );
        await directory.updateUser('alice', { discoverable: true });
        assert.deepEqual(await found('robin'), ['alice']);
      });

      it('finds those first named by a token', async () => {
        await directory.ensureUsers(['alice', 'alan'], 1);
        assert.deepEqual(await found('al'), ['alan', 'alice']);
      });

      it('finds who hides for friends, and nobody across a block', async () => {
        for (const uid of ['anna', 'anne', 'anton', 'asker']) await user(uid);
        await directory.updateUser('anna', { discoverable: false });
        await directory.updateUser('anne', { discoverable: false });
        await directory.requestFriend({ id: 'r1', from: 'anna', to: 'asker', at: 1 }, 10);
        await directory.acceptFriendRequest('r1', 'asker', 2, 10);
        assert.deepEqual(await found('an'), ['anna', 'anton']);
        assert.deepEqual(await found('anna'), ['anna']);
        assert.deepEqual(await found('anna', 'anton'), []);
        await directory.addBlock('asker', 'anton', 1);
        assert.deepEqual([await found('an'), await found('anton')], [['anna'], []]);
        assert.deepEqual([await found('asker', 'anton'), await found('as', 'anton')], [[], []]);
      });

      it('takes names of any kind', async () => {
        const names = [
          '\ud800 lone',
          '❤❤❤ Ann',
          'a'.repeat(100),
          '漢'.repeat(100),
          `${'x '.repeat(50)}end`,
          ' ',
          '한'.normalize('NFD'),
          `${'w'.repeat(63)} tail`,
          'ﷺ'.repeat(100),
        ];
        for (const [i, name] of names.entries()) assert.equal(await user(`user${i}`, name), true, name);
        assert.deepEqual(await found('ann'), ['user1']);
        assert.deepEqual(await found('a'.repeat(64)), ['user2']);
        assert.deepEqual(await found('漢'.repeat(64)), ['user3']);
        assert.deepEqual(await found('한'), ['user6']);
        assert.deepEqual(await found('tail'), ['user7']);
      });
    });

    describe('a removal', () => {
      const remove = (uid: string, at = 5000) =>
        directory.removeUser({ uid, id: `id-${uid}`, by: 'operator', at });

      it('leaves the uid and the times, for ever, and happens once', async () => {
        await directory.createUser({
          uid: 'alice',
          name: 'Alice',
          passwordHash: 'hash',
          createdAt: 1000,
          origin: 'registered',
        });
        await user('bob', 'Alice B');
        await directory.updateUser('alice', { avatar: 'a', bio: 'b' });
        const family = { uid: 'alice', did: 'd', tokenHash: 'h', createdAt: 1, expiresAt: 9999 };
        await directory.createFamily({ ...family, sid: 's1' });
        assert.deepEqual(await remove('alice'), ['s1']);
        assert.deepEqual(await directory.getUser('alice'), {
          uid: 'alice',
          createdAt: 1000,
          bannedUntil: 0,
          origin: 'registered',
          discoverable: true,
          readReceipts: true,
          invisible: false,
          removedAt: 5000,
        });
        assert.equal((await directory.getFamily('s1'))?.revokedAt, 5000);
        assert.equal(await remove('alice', 6000), undefined);
        assert.equal(await remove('nobody'), undefined);
        assert.equal(await user('alice'), false);
        assert.deepEqual(await directory.ensureUsers(['alice'], 7000), []);
        assert.equal(await directory.updateUser('alice', { name: 'Back' }), undefined);
        assert.equal(await directory.setBan('alice', 9), false);
        assert.equal(await directory.userExists('alice'), true);
        assert.deepEqual(await directory.existing(['alice', 'bob']), new Set(['bob']));
        assert.deepEqual(await directory.names(['alice']), new Map());
        assert.equal((await directory.directFacts('bob', 'alice')).exists, false);
        const { exists, removed } = await directory.userFacts('alice');
        assert.deepEqual([exists, removed], [false, true]);
        const found = await directory.searchUsers({ text: 'alice', asker: 'bob', limit: 10 });
        assert.deepEqual(
          found.map(({ uid }) => uid),
          ['bob'],
        );
      });

      it('is one of two at the same time', async () => {
        await user('alice');
        const both = await Promise.all([remove('alice'), remove('alice')]);
        assert.equal(both.filter((sids) => sids !== undefined).length, 1);
      });

      it('is known as work until it is finished, with how far it is', async () => {
        for (const [i, uid] of ['alice', 'bob', 'carol'].entries()) {
          await user(uid);
          await remove(uid, 5000 - i);
        }
        directory = await fixture.reopen();
        assert.deepEqual(
          (await directory.removals(undefined, 2)).map(({ uid }) => uid),
          ['carol', 'bob'],
        );
        assert.deepEqual(
          (await directory.removals({ at: 4999, uid: 'bob' }, 2)).map(({ uid }) => uid),
          ['alice'],
        );
        assert.deepEqual((await directory.removedUsers(4999)).sort(), ['alice', 'bob']);
        await directory.putTrace('bob', { conv: 'u:alice:bob', seq: 7, told: true });
        await directory.putTrace('bob', { conv: 'g:g1', seq: 1, told: false });
        await directory.putTrace('bob', { conv: 'u:alice:bob', seq: 5, told: false });
        assert.deepEqual(await directory.traces('bob'), [
          { conv: 'g:g1', seq: 1, told: false },
          { conv: 'u:alice:bob', seq: 7, told: true },
        ]);
        await directory.finishRemoval('bob', 9000);
        assert.deepEqual(await directory.traces('bob'), []);
        assert.deepEqual(
          (await directory.removals(undefined, 10)).map(({ uid, id, by }) => [uid, id, by]),
          [
            ['carol', 'id-carol', 'operator'],
            ['alice', 'id-alice', 'operator'],
          ],
        );
        assert.equal((await directory.getUser('bob'))?.removedAt, 4999);
        assert.deepEqual((await directory.removedUsers(4999)).sort(), ['alice', 'bob']);
      });

      it('takes devices, settings and status away', async () => {
        await user('alice');
        await directory.seeDevice({ uid: 'alice', did: 'd1', lastSeen: 1 });
        await directory.seeDevice({ uid: 'bob', did: 'd1', lastSeen: 1 });
        for (const uid of ['alice', 'bob'])
          await directory.changeSettings(uid, 'u:alice:bob', { draft: { text: 'unsaid', at: 1 } });
        await directory.putStatus('alice', 'away', 1);
        await remove('alice');
        await directory.forgetUser('alice');
        await directory.forgetUser('alice');
        assert.deepEqual(await directory.settingsOf('alice'), []);
        assert.equal((await directory.settingsOf('bob')).length, 1);
        assert.equal((await directory.absences(['alice'])).size, 0);
        assert.deepEqual(await directory.devicesOf('alice'), []);
        assert.equal((await directory.devicesOf('bob')).length, 1);
      });
    });
  });
}
