import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { doors } from '../doors.ts';
import { type People, startPeople } from '../people.ts';

type Item = Record<string, unknown>;

for (const door of doors) {
  describe(`friends and blocks over ${door.name}`, () => {
    let people: People;
    let made = 0;
    before(async () => {
      people = await startPeople(door, ['alice'], { friends: { maxFriends: 3 } });
    });
    after(() => people.api.stop());

    /** New users, one for each name. */
    const users = async <const N extends readonly string[]>(...names: N) => {
      const uids = names.map((name) => `${name}-${++made}`);
      for (const uid of uids) await people.register(uid);
      return uids as { [K in keyof N]: string };
    };
    const items = async (uid: string, name: string, input: object = {}) =>
      (await people.data(uid, name, input)).items as unknown as Item[];
    const request = (from: string, to: string, more: object = {}) =>
      people.data(from, 'friends.request', { uid: to, ...more });
    const befriend = async (one: string, other: string) => {
      const { id } = await request(one, other);
      await people.data(other, 'friends.accept', { id });
    };
    const friendsOf = async (uid: string) => (await items(uid, 'friends.list')).map((friend) => friend.uid);
    const stale = (uid: string) =>
      people.api.messages.filter((message) => message.type === 'stale' && message.user === uid).length;

    it('become friends by a request that is accepted, and all their devices are told', async () => {
      const [ann, bob] = await users('ann', 'bob');
      const answer = await people.as(ann, 'friends.request', { uid: bob, note: 'it is me' });
      if (answer.status !== undefined) assert.equal(answer.status, 201);
      const { id, at } = answer.data;
      const pending = { id, from: ann, to: bob, note: 'it is me', state: 'pending', at };
      assert.deepEqual(answer.data, pending);
      const told = { type: 'friend', action: 'request', id, note: 'it is me' };
      assert.deepEqual(people.notices(bob, 'friend'), [{ ...told, direction: 'in', uid: ann }]);
      assert.deepEqual(people.notices(ann, 'friend'), [{ ...told, direction: 'out', uid: bob }]);
      assert.deepEqual(await items(bob, 'friends.requests'), [pending]);
      assert.deepEqual(await items(ann, 'friends.requests', { direction: 'out' }), [pending]);
      assert.deepEqual(await items(ann, 'friends.requests'), []);

      const before = [stale(ann), stale(bob)];
      const accepted = await people.data(bob, 'friends.accept', { id });
      assert.deepEqual(accepted, { ...pending, state: 'accepted', decidedAt: accepted.decidedAt });
      assert.ok(stale(ann) > before[0]! && stale(bob) > before[1]!);
      for (const [uid, other] of [
        [ann, bob],
        [bob, ann],
      ] as const) {
        assert.deepEqual(people.notices(uid, 'friend').at(-1), {
          type: 'friend',
          action: 'accepted',
          uid: other,
          id,
        });
        const [friend] = await items(uid, 'friends.list');
        assert.deepEqual(friend, { uid: other, name: `The ${other}`, since: accepted.decidedAt });
      }
      const notices = people.notices(ann, 'friend').length;
      assert.deepEqual(await people.data(bob, 'friends.accept', { id }), accepted);
      assert.equal(people.notices(ann, 'friend').length, notices);
      await people.refused(ann, 'friends.request', { uid: bob }, 'friend.exists', 409);
    });

    it('become friends at once when both ask', async () => {
      const [ann, bob] = await users('ann', 'bob');
      const { id } = await request(ann, bob);
      const answer = await people.as(bob, 'friends.request', { uid: ann });
      if (answer.status !== undefined) assert.equal(answer.status, 201);
      assert.deepEqual([answer.data.id, answer.data.state], [id, 'accepted']);
      assert.deepEqual([await friendsOf(ann), await friendsOf(bob)], [[bob], [ann]]);
      for (const uid of [ann, bob])
        assert.equal((people.notices(uid, 'friend').at(-1) as unknown as Item).action, 'accepted');
    });

    it('answer a request that is made again with the pending one', async () => {
      const [ann, bob] = await users('ann', 'bob');
      const { id } = await request(ann, bob);
      const again = await request(ann, bob, { note: 'please' });
      assert.deepEqual([again.id, again.note], [id, 'please']);
      assert.equal(people.notices(bob, 'friend').length, 1);
    });

    it('may decline, and be asked again', async () => {
      const [ann, bob, eve] = await users('ann', 'bob', 'eve');
      const { id } = await request(ann, bob);
      for (const uid of [ann, eve])
        for (const name of ['friends.accept', 'friends.decline'])
          await people.refused(uid, name, { id }, 'friend.request-not-found', 404);
      const declined = await people.data(bob, 'friends.decline', { id });
      assert.equal(declined.state, 'declined');
      for (const [uid, other] of [
        [ann, bob],
        [bob, ann],
      ] as const)
        assert.deepEqual(people.notices(uid, 'friend').at(-1), {
          type: 'friend',
          action: 'declined',
          uid: other,
          id,
        });
      for (const name of ['friends.accept', 'friends.decline'])
        await people.refused(bob, name, { id }, 'friend.request-not-found', 404);
      const again = await request(ann, bob);
      assert.notEqual(again.id, id);
      assert.equal(again.state, 'pending');
      assert.deepEqual(await items(ann, 'friends.requests', { direction: 'out' }), [again]);
    });

    it('refuse requests to nobody, oneself and the server, and inputs that make no sense', async () => {
      const [ann] = await users('ann');
      await people.refused(ann, 'friends.request', { uid: 'nobody' }, 'user.not-found', 404);
      await people.refused(ann, 'friends.request', { uid: 'system' }, 'user.not-found', 404);
      await people.refused(ann, 'friends.request', { uid: ann }, 'request.invalid', 400);
      const note = 'x'.repeat(201);
      await people.refused(ann, 'friends.request', { uid: 'alice', note }, 'request.invalid', 400);
      await people.refused(ann, 'friends.requests', { direction: 'up' }, 'request.invalid', 400);
      await people.refused(ann, 'friends.requests', { state: 'lost' }, 'request.invalid', 400);
      await people.refused(ann, 'friends.requests', { cursor: 'eA' }, 'request.invalid', 400);
      await people.refused(ann, 'friends.accept', { id: 'no-such' }, 'friend.request-not-found', 404);
      await people.refused('', 'friends.list', {}, 'auth.bad-token', 401);
    });

    it('have a remark for each other that is theirs alone', async () => {
      const [ann, bob] = await users('ann', 'bob');
      await befriend(ann, bob);
      const notices = people.notices(bob, 'friend').length;
      const named = await people.data(ann, 'friends.update', { uid: bob, remark: 'Bobby' });
      assert.deepEqual([named.uid, named.remark], [bob, 'Bobby']);
      const notice = { type: 'friend', action: 'remark', uid: bob };
      assert.deepEqual(people.notices(ann, 'friend').at(-1), { ...notice, remark: 'Bobby' });
      assert.equal(people.notices(bob, 'friend').length, notices);
      assert.equal((await items(bob, 'friends.list'))[0]!.remark, undefined);
      const cleared = await people.data(ann, 'friends.update', { uid: bob, remark: null });
      assert.equal(cleared.remark, undefined);
      assert.deepEqual(people.notices(ann, 'friend').at(-1), notice);
      await people.refused(ann, 'friends.update', { uid: 'alice', remark: 'x' }, 'friend.not-found', 404);
      await people.refused(ann, 'friends.update', { uid: bob }, 'request.invalid', 400);
      await people.refused(ann, 'friends.update', { uid: bob, remark: '' }, 'request.invalid', 400);
    });

    it('end a friendship for both', async () => {
      const [ann, bob] = await users('ann', 'bob');
      await befriend(ann, bob);
      const before = [stale(ann), stale(bob)];
      const answer = await people.as(bob, 'friends.remove', { uid: ann });
      if (answer.status !== undefined) assert.equal(answer.status, 204);
      assert.deepEqual([await friendsOf(ann), await friendsOf(bob)], [[], []]);
      assert.ok(stale(ann) > before[0]! && stale(bob) > before[1]!);
      const removed = { type: 'friend', action: 'removed' };
      assert.deepEqual(people.notices(ann, 'friend').at(-1), { ...removed, uid: bob });
      assert.deepEqual(people.notices(bob, 'friend').at(-1), { ...removed, uid: ann });
      await people.refused(ann, 'friends.remove', { uid: bob }, 'friend.not-found', 404);
    });

    it('have as many friends as one may have', async () => {
      const [ann, ...others] = await users('ann', 'b', 'c', 'd', 'e');
      for (const uid of others.slice(0, 3)) await befriend(uid, ann);
      const { id } = await request(others[3]!, ann);
      await people.refused(ann, 'friends.accept', { id }, 'friend.full', 409);
      await people.refused(ann, 'friends.request', { uid: others[3] }, 'friend.full', 409);
      await people.data(ann, 'friends.remove', { uid: others[0] });
      await people.data(ann, 'friends.accept', { id });
    });

    it('list in pages: friends and blocks by uid, requests the newest first', async () => {
      const [ann, ...others] = await users('ann', 'b', 'c', 'd');
      const pages = async (name: string, input: object = {}) => {
        const found: Item[] = [];
        let cursor: string | undefined;
        do {
          const page = await people.data(ann, name, { limit: 2, ...input, ...(cursor && { cursor }) });
          found.push(...(page.items as unknown as Item[]));
          cursor = page.next as unknown as string | undefined;
        } while (cursor !== undefined);
        return found;
      };
      for (const uid of others) {
        people.api.pass(1000);
        await request(uid, ann);
      }
      const asked = await pages('friends.requests', { direction: 'in', state: 'pending' });
      assert.deepEqual(
        asked.map(({ from }) => from),
        [...others].reverse(),
      );
      for (const { id } of asked) await people.data(ann, 'friends.accept', { id });
      assert.deepEqual(await pages('friends.requests', { state: 'pending' }), []);
      assert.equal((await pages('friends.requests', { state: 'accepted' })).length, 3);
      assert.deepEqual(
        (await pages('friends.list')).map(({ uid }) => uid),
        [...others].sort(),
      );
      for (const uid of others) await people.data(ann, 'blocks.add', { uid });
      assert.deepEqual(
        (await pages('blocks.list')).map(({ uid }) => uid),
        [...others].sort(),
      );
    });

    it('block: sends and requests are refused both ways at once, a pending request is declined', async () => {
      const [ann, bob] = await users('ann', 'bob');
      const conv = `u:${ann}:${bob}`;
      assert.equal((await people.send(bob, conv, 'm-1')).code, undefined);
      await request(bob, ann);
      const told = people.notices(bob, 'friend').length;
      const answer = await people.as(ann, 'blocks.add', { uid: bob });
      if (answer.status !== undefined) assert.equal(answer.status, 204);
      for (const [uid, other] of [
        [ann, bob],
        [bob, ann],
      ] as const) {
        const sent = await people.send(uid, conv, `to-${other}`);
        assert.equal(sent.code, 'send.blocked');
        if (sent.status !== undefined) assert.equal(sent.status, 403);
        await people.refused(uid, 'friends.request', { uid: other }, 'send.blocked', 403);
      }
      assert.equal(people.notices(bob, 'friend').length, told);
      assert.equal((await items(ann, 'friends.requests'))[0]!.state, 'declined');
      const [blocked] = await items(ann, 'blocks.list');
      assert.deepEqual([blocked!.uid, blocked!.name], [bob, `The ${bob}`]);
      assert.deepEqual(await items(bob, 'blocks.list'), []);
      assert.equal((await people.as(ann, 'blocks.add', { uid: bob })).code, undefined);

      for (let i = 0; i < 2; i++) {
        const unblocked = await people.as(ann, 'blocks.remove', { uid: bob });
        if (unblocked.status !== undefined) assert.equal(unblocked.status, 204);
        assert.equal(unblocked.code, undefined);
      }
      assert.equal((await people.send(bob, conv, 'm-2')).code, undefined);
    });

    it('keep their friendship under a block, and the groups they share', async () => {
      const [ann, bob] = await users('ann', 'bob');
      await befriend(ann, bob);
      const gid = await people.group(ann, [bob]);
      await people.data(ann, 'blocks.add', { uid: bob });
      assert.deepEqual(await friendsOf(ann), [bob]);
      assert.equal((await people.send(bob, `g:${gid}`, 'm-1')).code, undefined);
      await people.data(bob, 'friends.remove', { uid: ann });
      assert.deepEqual(await friendsOf(ann), []);
    });

    it('block nobody who is not there, nor themselves', async () => {
      const [ann] = await users('ann');
      await people.refused(ann, 'blocks.add', { uid: 'nobody' }, 'user.not-found', 404);
      await people.refused(ann, 'blocks.add', { uid: 'system' }, 'user.not-found', 404);
      await people.refused(ann, 'blocks.add', { uid: ann }, 'request.invalid', 400);
      assert.equal((await people.as(ann, 'blocks.remove', { uid: 'nobody' })).code, undefined);
    });
  });

  describe(`direct.policy friends over ${door.name}`, () => {
    it('lets friends write to each other, and everybody to themselves', async () => {
      const people = await startPeople(door, ['alice', 'bob'], { direct: { policy: 'friends' } });
      const refused = async () => {
        const sent = await people.send('alice', 'u:alice:bob', 'm');
        assert.equal(sent.code, 'send.not-friends');
        if (sent.status !== undefined) assert.equal(sent.status, 403);
      };
      assert.equal((await people.send('alice', 'u:alice:alice', 'note')).code, undefined);
      await refused();
      const { id } = await people.data('alice', 'friends.request', { uid: 'bob' });
      await refused();
      await people.data('bob', 'friends.accept', { id });
      assert.equal((await people.send('alice', 'u:alice:bob', 'm')).code, undefined);
      assert.equal((await people.send('bob', 'u:alice:bob', 'm')).code, undefined);
      await people.data('alice', 'blocks.add', { uid: 'bob' });
      assert.equal((await people.send('alice', 'u:alice:bob', 'b')).code, 'send.blocked');
      await people.data('alice', 'blocks.remove', { uid: 'bob' });
      await people.data('bob', 'friends.remove', { uid: 'alice' });
      const [sent] = [await people.send('alice', 'u:alice:bob', 'n')];
      assert.equal(sent.code, 'send.not-friends');
      await people.api.stop();
    });
  });
}
