import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { PetrelError } from '../../../schemas/errors.ts';
import type { Directory, FriendRequest } from '../../../store/directory.ts';
import type { DirectoryFixture } from './conformance.ts';

const refused = (code: string) => (error: unknown) => error instanceof PetrelError && error.code === code;

/** What store/directory/friends.ts promises, for every implementation. */
export function friendsConformance(name: string, open: () => Promise<DirectoryFixture>): void {
  describe(`friends in the directory on ${name}`, () => {
    let fixture: DirectoryFixture;
    let directory: Directory;
    let ids = 0;
    const uids = ['alice', 'bob', 'carol'];

    const ask = (from: string, to: string, more: { at?: number; note?: string; max?: number } = {}) => {
      ids++;
      const { at = 10, max = 100, ...rest } = more;
      return directory.requestFriend({ id: `r${String(ids).padStart(4, '0')}`, from, to, at, ...rest }, max);
    };
    const accept = (id: string, uid: string, max = 100) => directory.acceptFriendRequest(id, uid, 20, max);
    const friends = async (uid: string) => (await directory.listFriends(uid, '', 100)).map((one) => one.uid);
    const requests = (uid: string, direction: 'in' | 'out') =>
      directory.listFriendRequests(uid, direction, { limit: 100 });
    const befriend = async (one: string, other: string) => {
      await ask(one, other);
      await ask(other, one);
    };

    beforeEach(async () => {
      fixture = await open();
      directory = fixture.directory;
      for (const uid of uids)
        await directory.createUser({ uid, name: `The ${uid}`, createdAt: 1, origin: 'registered' });
    });
    afterEach(() => fixture.end());

    it('keeps a request until it is accepted, and then both are friends', async () => {
      const { request, changed } = await ask('alice', 'bob', { note: 'hi ❤' });
      assert.equal(changed, true);
      const { id } = request;
      const pending = { id, from: 'alice', to: 'bob', note: 'hi ❤', state: 'pending', at: 10 };
      assert.deepEqual(request, pending);
      assert.deepEqual(await requests('bob', 'in'), [pending]);
      assert.deepEqual(await requests('alice', 'out'), [pending]);
      assert.deepEqual([await requests('bob', 'out'), await requests('alice', 'in')], [[], []]);
      assert.deepEqual(await friends('bob'), []);

      const accepted = { ...pending, state: 'accepted', decidedAt: 20 };
      assert.deepEqual(await accept(id, 'bob'), { request: accepted, changed: true });
      assert.deepEqual(await accept(id, 'bob'), { request: accepted, changed: false });
      assert.deepEqual(await directory.listFriends('alice', '', 10), [
        { uid: 'bob', name: 'The bob', since: 20 },
      ]);
      assert.deepEqual(await friends('bob'), ['alice']);
      assert.equal((await directory.directFacts('alice', 'bob')).friends, true);
      assert.equal((await directory.directFacts('bob', 'alice')).friends, true);
      const later = await fixture.reopen();
      assert.deepEqual((await later.listFriends('alice', '', 10)).length, 1);
    });

    it('decides a request by its addressee alone, and once', async () => {
      const { request } = await ask('alice', 'bob');
      for (const uid of ['alice', 'carol']) {
        await assert.rejects(accept(request.id, uid), refused('friend.request-not-found'));
        await assert.rejects(
          directory.declineFriendRequest(request.id, uid, 20),
          refused('friend.request-not-found'),
        );
      }
      await assert.rejects(accept('r9999', 'bob'), refused('friend.request-not-found'));
      const declined = await directory.declineFriendRequest(request.id, 'bob', 30);
      assert.deepEqual([declined.state, declined.decidedAt], ['declined', 30]);
      await assert.rejects(accept(request.id, 'bob'), refused('friend.request-not-found'));
      await assert.rejects(
        directory.declineFriendRequest(request.id, 'bob', 30),
        refused('friend.request-not-found'),
      );
      assert.deepEqual(await friends('alice'), []);
    });

    it('may be asked again after a refusal, by a request of its own', async () => {
      const first = await ask('alice', 'bob', { note: 'first' });
      await directory.declineFriendRequest(first.request.id, 'bob', 20);
      const second = await ask('alice', 'bob', { at: 40 });
      assert.equal(second.changed, true);
      assert.notEqual(second.request.id, first.request.id);
      const { id } = second.request;
      assert.deepEqual(await requests('bob', 'in'), [
        { id, from: 'alice', to: 'bob', state: 'pending', at: 40 },
      ]);
      await assert.rejects(accept(first.request.id, 'bob'), refused('friend.request-not-found'));
    });

    it('keeps a pending request that is made again, with the newer note', async () => {
      const first = await ask('alice', 'bob', { note: 'first' });
      const second = await ask('alice', 'bob', { note: 'second', at: 50 });
      assert.deepEqual(second, { request: { ...first.request, note: 'second' }, changed: false });
    });

    it('makes friends at once of two who ask each other', async () => {
      const first = await ask('alice', 'bob');
      const second = await ask('bob', 'alice', { at: 15 });
      assert.deepEqual(second, {
        request: { ...first.request, state: 'accepted', decidedAt: 15 },
        changed: true,
      });
      assert.deepEqual([await friends('alice'), await friends('bob')], [['bob'], ['alice']]);
      assert.equal((await accept(first.request.id, 'bob')).changed, false);
    });

    it('takes no request to friends, to nobody, and past a block either way', async () => {
      await befriend('alice', 'bob');
      await assert.rejects(ask('alice', 'bob'), refused('friend.exists'));
      await assert.rejects(ask('bob', 'alice'), refused('friend.exists'));
      await assert.rejects(ask('alice', 'nobody'), refused('user.not-found'));
      await directory.addBlock('carol', 'alice', 5);
      await assert.rejects(ask('alice', 'carol'), refused('send.blocked'));
      await assert.rejects(ask('carol', 'alice'), refused('send.blocked'));
    });

    it('ends a friendship for both, and may begin it again', async () => {
      const { request } = await ask('alice', 'bob');
      await accept(request.id, 'bob');
      assert.equal(await directory.removeFriend('bob', 'alice'), true);
      assert.deepEqual([await friends('alice'), await friends('bob')], [[], []]);
      assert.equal(await directory.removeFriend('alice', 'bob'), false);
      await assert.rejects(accept(request.id, 'bob'), refused('friend.request-not-found'));
      assert.equal((await ask('alice', 'bob')).request.state, 'pending');
    });

    it('keeps a remark for the one who made it', async () => {
      await befriend('alice', 'bob');
      const named = await directory.setRemark('alice', 'bob', 'Bobby');
      assert.deepEqual(named, { uid: 'bob', name: 'The bob', remark: 'Bobby', since: named!.since });
      assert.deepEqual(await directory.listFriends('alice', '', 10), [named]);
      assert.equal((await directory.listFriends('bob', '', 10))[0]!.remark, undefined);
      assert.equal((await directory.setRemark('alice', 'bob', undefined))!.remark, undefined);
      assert.equal(await directory.setRemark('alice', 'carol', 'C'), undefined);
    });

    it('lets nobody have more friends than one may have', async () => {
      await befriend('alice', 'bob');
      const { request } = await ask('carol', 'alice', { max: 1 });
      await assert.rejects(accept(request.id, 'alice', 1), refused('friend.full'));
      await assert.rejects(ask('alice', 'carol', { max: 1 }), refused('friend.full'));
      assert.deepEqual([await friends('alice'), await friends('carol')], [['bob'], []]);
      assert.deepEqual((await requests('alice', 'in'))[0]!.state, 'pending');
      await directory.removeFriend('alice', 'bob');
      assert.equal((await accept(request.id, 'alice', 1)).changed, true);
    });

    it('counts friends inside the change, however many accept at once', async () => {
      const others = Array.from({ length: 8 }, (_, i) => `user-${i}`);
      await directory.ensureUsers(others, 1);
      const made: FriendRequest[] = [];
      for (const uid of others) made.push((await ask(uid, 'alice')).request);
      const results = await Promise.allSettled(made.map(({ id }) => accept(id, 'alice', 3)));
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 3);
      assert.equal((await friends('alice')).length, 3);
    });

    it('gives pages of friends, requests and blocks', async () => {
      const others = Array.from({ length: 5 }, (_, i) => `user-${i}`);
      await directory.ensureUsers(others, 1);
      for (const uid of others) {
        await ask(uid, 'alice', { at: uid === 'user-4' ? 5 : 10 });
        await directory.addBlock('bob', uid, 7);
      }
      const seen: FriendRequest[] = [];
      for (let before: FriendRequest | undefined; ; before = seen.at(-1)) {
        const page = await directory.listFriendRequests('alice', 'in', {
          limit: 2,
          ...(before !== undefined && { before }),
        });
        seen.push(...page);
        if (page.length < 2) break;
      }
      assert.deepEqual(
        seen.map(({ from }) => from),
        ['user-3', 'user-2', 'user-1', 'user-0', 'user-4'],
      );
      await accept(seen[1]!.id, 'alice');
      await accept(seen[2]!.id, 'alice');
      assert.equal(
        (await directory.listFriendRequests('alice', 'in', { limit: 9, state: 'pending' })).length,
        3,
      );
      assert.equal(
        (await directory.listFriendRequests('alice', 'in', { limit: 9, state: 'accepted' })).length,
        2,
      );
      assert.deepEqual(
        (await directory.listFriends('alice', '', 1)).map(({ uid }) => uid),
        ['user-1'],
      );
      assert.deepEqual(
        (await directory.listFriends('alice', 'user-1', 9)).map(({ uid }) => uid),
        ['user-2'],
      );
      assert.deepEqual(
        (await directory.listBlocks('bob', 'user-1', 2)).map(({ uid }) => uid),
        ['user-2', 'user-3'],
      );
    });

    it('blocks a user both ways, and declines the request they made', async () => {
      await ask('bob', 'alice');
      await ask('alice', 'carol');
      assert.equal(await directory.addBlock('alice', 'bob', 30), true);
      assert.equal(await directory.addBlock('alice', 'bob', 31), false);
      assert.deepEqual(await directory.listBlocks('alice', '', 10), [
        { uid: 'bob', name: 'The bob', since: 30 },
      ]);
      assert.deepEqual(await directory.listBlocks('bob', '', 10), []);
      assert.equal((await directory.directFacts('alice', 'bob')).blocked, true);
      assert.equal((await directory.directFacts('bob', 'alice')).blocked, true);
      const [declined] = await requests('alice', 'in');
      assert.deepEqual([declined!.state, declined!.decidedAt], ['declined', 30]);
      assert.equal((await requests('alice', 'out'))[0]!.state, 'pending');
      await assert.rejects(directory.addBlock('alice', 'nobody', 1), refused('user.not-found'));

      assert.equal(await directory.removeBlock('alice', 'bob'), true);
      assert.equal(await directory.removeBlock('alice', 'bob'), false);
      assert.equal((await directory.directFacts('bob', 'alice')).blocked, false);
    });

    it('leaves a friendship as it is under a block, and lets no request pass it', async () => {
      await befriend('alice', 'bob');
      await directory.addBlock('alice', 'bob', 30);
      assert.deepEqual(await directory.directFacts('alice', 'bob'), {
        exists: true,
        blocked: true,
        friends: true,
      });
      const { request } = await ask('alice', 'carol');
      await directory.addBlock('alice', 'carol', 30);
      await assert.rejects(accept(request.id, 'carol'), refused('send.blocked'));
    });

    it('forgets a person', async () => {
      await befriend('alice', 'bob');
      await ask('alice', 'carol');
      await directory.addBlock('carol', 'alice', 1);
      await directory.addBlock('alice', 'carol', 1);
      assert.deepEqual(await directory.forgetPerson('alice'), ['bob']);
      assert.deepEqual(await friends('bob'), []);
      assert.deepEqual([await requests('carol', 'in'), await requests('bob', 'out')], [[], []]);
      assert.deepEqual(await directory.listBlocks('carol', '', 10), []);
      assert.equal((await directory.directFacts('carol', 'alice')).blocked, false);
      assert.deepEqual(await directory.forgetPerson('alice'), []);
    });

    it('never leaves half a friendship, whatever two people do at once', async () => {
      const step = fc.record({
        who: fc.boolean(),
        what: fc.constantFrom('ask', 'accept', 'decline', 'remove', 'block', 'unblock'),
      });
      const settle = async (who: string, other: string, what: string): Promise<unknown> => {
        if (what === 'ask') return ask(who, other);
        if (what === 'remove') return directory.removeFriend(who, other);
        if (what === 'block') return directory.addBlock(who, other, 9);
        if (what === 'unblock') return directory.removeBlock(who, other);
        const [request] = await requests(who, 'in');
        if (request === undefined) return undefined;
        return what === 'accept'
          ? accept(request.id, who)
          : directory.declineFriendRequest(request.id, who, 20);
      };
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), async (steps) => {
          const results = await Promise.allSettled(
            steps.map(({ who, what }) => (who ? settle('alice', 'bob', what) : settle('bob', 'alice', what))),
          );
          for (const result of results)
            if (result.status === 'rejected') assert.ok(result.reason instanceof PetrelError, result.reason);
          const [of, to] = [await friends('alice'), await friends('bob')];
          assert.equal(of.includes('bob'), to.includes('alice'));
          const [out, into] = [await requests('alice', 'out'), await requests('alice', 'in')];
          const pending = [...out, ...into].filter(({ state }) => state === 'pending');
          assert.ok(pending.length <= 1 && out.length <= 1 && into.length <= 1);
          if (of.length > 0) assert.equal(pending.length, 0);
          await directory.removeFriend('alice', 'bob');
          for (const uid of ['alice', 'bob']) {
            await directory.removeBlock(uid, uid === 'alice' ? 'bob' : 'alice');
            await directory.forgetPerson(uid);
          }
        }),
        { numRuns: 25 },
      );
    });
  });
}
