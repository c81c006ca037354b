import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { BusMessage } from '../../store/bus.ts';
import { type Ask, doors } from './doors.ts';
import { startApi, type TestApi } from './server.ts';

for (const door of doors) {
  describe(`the operations over ${door.name}`, () => {
    let api: TestApi;
    let ask: Ask;
    const tokens: Record<string, string> = {};
    const uids = ['alice', 'bob', 'carol', 'dave'];
    const as = (uid: string, name: string, input: object = {}) => ask(name, input, tokens[uid]);
    const refused = async (uid: string, name: string, input: object, code: string, status: number) => {
      const answer = await as(uid, name, input);
      assert.equal(answer.code, code);
      if (answer.status !== undefined) assert.equal(answer.status, status);
    };
    const make = async (owner: string, input: object = {}) =>
      (await as(owner, 'groups.create', { name: 'Birds', ...input })).data.gid as unknown as string;
    const events = async (uid: string, conv: string, input: object = {}) =>
      (await as(uid, 'history', { conv, ...input })).data.events as unknown as Record<string, never>[];
    const send = (uid: string, conv: string, id: string, type = 'text', body: object = { text: id }) =>
      as(uid, 'messages.send', { conv, id, type, body });
    const told = (type: BusMessage['type'], uid: string) =>
      api.messages.filter((message) => message.type === type && 'uid' in message && message.uid === uid);

    before(async () => {
      api = await startApi();
      ask = door.open(api);
      for (const uid of uids) {
        const { data } = await ask('auth.register', { uid, password: 'correct horse', name: `The ${uid}` });
        tokens[uid] = data.accessToken as unknown as string;
      }
    });
    after(() => api.stop());

    describe('auth', () => {
      it('registers a user once', async () => {
        const answer = await ask('auth.register', { uid: 'erin', password: 'pass word' });
        if (answer.status !== undefined) assert.equal(answer.status, 201);
        const { uid, expiresIn, tokenType, refreshToken } = answer.data;
        assert.deepEqual([uid, expiresIn, tokenType], ['erin', 900, 'Bearer']);
        assert.equal(typeof refreshToken, 'string');
        await refused('', 'auth.register', { uid: 'erin', password: 'pass word' }, 'user.exists', 409);
      });

      it('refuses reserved and malformed names and short and long passwords', async () => {
        const register = (uid: string, password: string, code: string, status: number) =>
          refused('', 'auth.register', { uid, password }, code, status);
        await register('system', 'pass word', 'user.exists', 409);
        await register('anonymous', 'pass word', 'user.exists', 409);
        await register('Frank', 'pass word', 'request.invalid', 400);
        await register('frank', '1234567', 'request.invalid', 400);
        await register('frank', 'x'.repeat(129), 'request.invalid', 400);
      });

      it('does not register who came with a trusted token first', async () => {
        assert.equal((await ask('me.get', {}, await api.token('trusted'))).data.uid, 'trusted');
        await refused('', 'auth.register', { uid: 'trusted', password: 'pass word' }, 'user.exists', 409);
      });

      it('signs in with the password alone', async () => {
        const given = { uid: 'alice', device: 'phone-1', platform: 'mobile' };
        const { data } = await ask('auth.login', { ...given, password: 'correct horse' });
        const identity = await api.authenticator.verify(data.accessToken as unknown as string);
        assert.deepEqual([identity.uid, identity.did, identity.platform], ['alice', 'phone-1', 'mobile']);
        await refused('', 'auth.login', { ...given, password: 'wrong horse' }, 'auth.bad-credentials', 401);
        await refused('', 'auth.login', { uid: 'nobody', password: 'any' }, 'auth.bad-credentials', 401);
      });

      it('takes a refresh token once, and ends its family at the second time', async () => {
        const first = (await ask('auth.login', { uid: 'alice', password: 'correct horse' })).data;
        const second = (await ask('auth.refresh', { refreshToken: first.refreshToken })).data;
        const verified = await api.authenticator.verify(second.accessToken as unknown as string);
        assert.equal(verified.uid, 'alice');
        const reuse = { refreshToken: first.refreshToken };
        await refused('', 'auth.refresh', reuse, 'auth.refresh-reused', 401);
        await refused('', 'auth.refresh', { refreshToken: second.refreshToken }, 'auth.bad-token', 401);
        const answer = await ask('me.get', {}, second.accessToken as unknown as string);
        assert.equal(answer.code, 'auth.bad-token');
        await refused('', 'auth.refresh', { refreshToken: 'made.up' }, 'auth.bad-token', 401);
      });

      it('signs out one device or all, with their connections', async () => {
        const login = async () => (await ask('auth.login', { uid: 'dave', password: 'correct horse' })).data;
        const [one, two, three] = [await login(), await login(), await login()];
        const token = (session: typeof one) => session.accessToken as unknown as string;
        const { did } = await api.authenticator.verify(token(one));
        const out = await ask('auth.logout', {}, token(one));
        assert.equal(out.code, undefined);
        if (out.status !== undefined) assert.equal(out.status, 204);
        await setImmediate();
        assert.deepEqual(told('end', 'dave').at(-1), { type: 'end', uid: 'dave', did, reason: 0x98 });
        assert.equal((await ask('me.get', {}, token(one))).code, 'auth.bad-token');
        assert.equal((await ask('me.get', {}, token(two))).code, undefined);
        await ask('auth.logout', { all: true }, token(two));
        await setImmediate();
        assert.deepEqual(told('end', 'dave').at(-1), { type: 'end', uid: 'dave', reason: 0x98 });
        assert.equal((await ask('me.get', {}, token(three))).code, 'auth.bad-token');
        await refused('', 'auth.refresh', { refreshToken: three.refreshToken }, 'auth.bad-token', 401);
        tokens.dave = token(await login());
      });

      it('refuses to sign in too often with a wrong password', async () => {
        await ask('auth.register', { uid: 'guessed', password: 'correct horse' });
        for (let i = 0; i < 10; i++)
          await refused('', 'auth.login', { uid: 'guessed', password: 'guess' }, 'auth.bad-credentials', 401);
        const right = { uid: 'guessed', password: 'correct horse' };
        await refused('', 'auth.login', right, 'auth.too-many-attempts', 429);
        api.pass(15 * 60_000);
        assert.equal((await ask('auth.login', right)).code, undefined);
        api.pass(-15 * 60_000);
      });

      it('keeps banned users out, with a token or a password', async () => {
        const session = (await ask('auth.register', { uid: 'banned', password: 'correct horse' })).data;
        await api.directory.setBan('banned', api.now() + 60_000);
        api.publish({ type: 'stale', user: 'banned' });
        const answer = await ask('me.get', {}, session.accessToken as unknown as string);
        assert.equal(answer.code, 'auth.banned');
        const login = { uid: 'banned', password: 'correct horse' };
        await refused('', 'auth.login', login, 'auth.banned', 403);
        await refused('', 'auth.refresh', { refreshToken: session.refreshToken }, 'auth.banned', 403);
      });
    });

    describe('users', () => {
      it('shows profiles', async () => {
        const { data } = await as('alice', 'me.get');
        assert.deepEqual([data.uid, data.name, typeof data.createdAt], ['alice', 'The alice', 'number']);
        assert.equal((await as('alice', 'users.get', { uid: 'bob' })).data.name, 'The bob');
        await refused('alice', 'users.get', { uid: 'nobody' }, 'user.not-found', 404);
        await refused('', 'me.get', {}, 'auth.bad-token', 401);
      });
    });

    describe('groups', () => {
      it('are made with their first members, and event 1 says so', async () => {
        const answer = await as('alice', 'groups.create', {
          name: 'Birds',
          members: ['bob', 'bob', 'alice'],
        });
        if (answer.status !== undefined) assert.equal(answer.status, 201);
        const { gid, owner, memberCount, role, join, muted, history } = answer.data;
        assert.deepEqual(
          [owner, memberCount, role, join, muted, history],
          ['alice', 2, 'owner', 'invite', false, 'joined'],
        );
        const [event, ...rest] = await events('bob', `g:${gid}`);
        assert.deepEqual(rest, []);
        const { seq, n, type, from, body } = event!;
        assert.deepEqual([seq, n, type, from], [1, 0, 'group', 'alice']);
        assert.deepEqual(body, { action: 'created', name: 'Birds', uids: ['alice', 'bob'] });
        assert.deepEqual(told('membership', 'bob').at(-1), { type: 'membership', gid, uid: 'bob', since: 1 });
        assert.deepEqual(told('notice', 'bob').at(-1), {
          type: 'notice',
          uid: 'bob',
          notice: { type: 'group', gid, action: 'added' },
        });
      });

      it('need members who exist', async () => {
        const unknown = { name: 'Birds', members: ['bob', 'nobody'] };
        await refused('alice', 'groups.create', unknown, 'user.not-found', 404);
      });

      it('are known to their members only', async () => {
        const gid = await make('alice', { members: ['bob'] });
        assert.equal((await as('bob', 'groups.get', { gid })).data.role, 'member');
        for (const name of ['groups.get', 'groups.members.list', 'groups.leave', 'groups.dissolve'])
          await refused('carol', name, { gid }, 'group.not-found', 404);
        await refused('carol', 'groups.members.add', { gid, uids: ['dave'] }, 'group.not-found', 404);
        await refused('carol', 'groups.members.remove', { gid, uid: 'bob' }, 'group.not-found', 404);
        await refused('carol', 'history', { conv: `g:${gid}` }, 'conversation.not-found', 404);
        await refused('alice', 'groups.get', { gid: 'no-such' }, 'group.not-found', 404);
      });

      it('are listed in pages', async () => {
        await api.token('lister').then((token) => {
          tokens.lister = token;
        });
        const made = [await make('lister'), await make('lister'), await make('lister')].sort();
        const first = (await as('lister', 'groups.list', { limit: 2 })).data;
        const second = (await as('lister', 'groups.list', { limit: 2, cursor: first.next })).data;
        const items = [
          ...(first.items as unknown as { gid: string }[]),
          ...(second.items as unknown as { gid: string }[]),
        ];
        assert.deepEqual(
          items.map(({ gid }) => gid),
          made,
        );
        assert.equal(second.next, undefined);
        await refused('lister', 'groups.list', { cursor: '?' }, 'request.invalid', 400);
        for (const limit of [0, -1, 501, 1.5, 'x'])
          await refused('lister', 'groups.list', { limit }, 'request.invalid', 400);
      });

      it('take members in, who read from their joining on', async () => {
        const gid = await make('alice');
        await send('alice', `g:${gid}`, 'before');
        const answer = await as('alice', 'groups.members.add', {
          gid,
          uids: ['alice', 'bob', 'carol', 'bob'],
        });
        assert.deepEqual(answer.data, { added: ['bob', 'carol'], memberCount: 3 });
        await send('alice', `g:${gid}`, 'after');
        const seen = await events('bob', `g:${gid}`);
        assert.deepEqual(
          seen.map(({ seq }) => seq),
          [3, 4],
        );
        assert.deepEqual(seen[0]!.body, { action: 'added', uids: ['bob', 'carol'], by: 'alice' });
        const { unread, read } = (await as('bob', 'conversations.get', { conv: `g:${gid}` })).data;
        assert.deepEqual([unread, read], [1, 0]);
        const { items } = (await as('bob', 'groups.members.list', { gid })).data;
        assert.deepEqual(
          (items as unknown as { uid: string; role: string }[]).map(({ uid, role }) => [uid, role]),
          [
            ['alice', 'owner'],
            ['bob', 'member'],
            ['carol', 'member'],
          ],
        );
      });

      it('show all history to new members where they say so', async () => {
        const gid = await make('alice', { history: 'all' });
        await send('alice', `g:${gid}`, 'before');
        await as('alice', 'groups.members.add', { gid, uids: ['bob'] });
        assert.equal((await events('bob', `g:${gid}`)).length, 3);
      });

      it('let owner and admins alone change members', async () => {
        const gid = await make('alice', { members: ['bob', 'carol'] });
        await refused('bob', 'groups.members.add', { gid, uids: ['dave'] }, 'auth.forbidden', 403);
        await refused('bob', 'groups.members.remove', { gid, uid: 'carol' }, 'auth.forbidden', 403);
        await refused('bob', 'groups.members.remove', { gid, uid: 'alice' }, 'auth.forbidden', 403);
        await refused('alice', 'groups.members.remove', { gid, uid: 'alice' }, 'group.owner', 409);
        await refused('alice', 'groups.members.remove', { gid, uid: 'dave' }, 'user.not-found', 404);
        await refused('alice', 'groups.members.add', { gid, uids: ['nobody'] }, 'user.not-found', 404);
        await refused('alice', 'groups.members.add', { gid, uids: [] }, 'request.invalid', 400);
        await refused('bob', 'groups.dissolve', { gid }, 'auth.forbidden', 403);
        await refused('alice', 'groups.leave', { gid }, 'group.owner', 409);
      });

      it('let members go, and nobody who has gone reads or writes', async () => {
        const gid = await make('alice', { members: ['bob', 'carol'] });
        const removed = await as('alice', 'groups.members.remove', { gid, uid: 'bob' });
        assert.equal(removed.code, undefined);
        assert.equal((await as('carol', 'groups.leave', { gid })).code, undefined);
        for (const uid of ['bob', 'carol']) {
          await refused(uid, 'history', { conv: `g:${gid}` }, 'conversation.not-found', 404);
          assert.equal((await send(uid, `g:${gid}`, 'late')).code, 'send.not-member');
          assert.deepEqual(told('membership', uid).at(-1), { type: 'membership', gid, uid });
        }
        const bodies = (await events('alice', `g:${gid}`)).map(({ body }) => body);
        assert.deepEqual(bodies.slice(1), [
          { action: 'removed', uids: ['bob'], by: 'alice' },
          { action: 'left', uids: ['carol'], by: 'carol' },
        ]);
        assert.equal((await as('alice', 'groups.get', { gid })).data.memberCount, 1);
      });

      it('end when their owner dissolves them', async () => {
        const gid = await make('alice', { members: ['bob'] });
        assert.equal((await as('alice', 'groups.dissolve', { gid })).code, undefined);
        for (const uid of ['alice', 'bob']) {
          await refused(uid, 'groups.get', { gid }, 'group.not-found', 404);
          assert.equal((await send(uid, `g:${gid}`, 'late')).code, 'group.not-found');
          const notice = { type: 'group', gid, action: 'dissolved' };
          assert.deepEqual(told('notice', uid).at(-1), { type: 'notice', uid, notice });
        }
        const stored = await api.timeline.range({ conv: `g:${gid}`, after: 0, limit: 10 });
        assert.deepEqual(JSON.parse(Buffer.from(stored.at(-1)!.raw).toString()).body, {
          action: 'dissolved',
        });
      });
    });

    describe('conversations', () => {
      it('store a message once however often it is sent', async () => {
        const first = await send('alice', 'u:alice:bob', 'once');
        const again = await send('alice', 'u:alice:bob', 'once');
        assert.deepEqual(again.data, first.data);
        if (first.status !== undefined) assert.deepEqual([first.status, again.status], [201, 200]);
      });

      it('refuse what is no message, and other people’s conversations', async () => {
        const message = { id: 'm', type: 'text', body: { text: 'hi' } };
        const to = (conv: string, code: string, status: number, change: object = {}) =>
          refused('alice', 'messages.send', { conv, ...message, ...change }, code, status);
        await to('u:alice:bob', 'payload.invalid', 400, { type: 'nothing' });
        await to('u:alice:bob', 'payload.invalid', 400, { body: 7 });
        await to('u:alice:bob', 'payload.invalid', 400, { more: 1 });
        await to('u:alice:nobody', 'user.not-found', 404);
        await to('u:bob:carol', 'conversation.not-found', 404);
        await to('u:bob:alice', 'conversation.not-found', 404);
        await to('nonsense', 'conversation.not-found', 404);
        await to('u:alice:bob', 'target.not-found', 404, { type: 'recall', body: { target: 999 } });
        await refused('alice', 'history', { conv: 'u:bob:carol' }, 'conversation.not-found', 404);
        await refused('alice', 'history', { conv: 'u:alice:nobody' }, 'conversation.not-found', 404);
      });

      it('have a history that is read in both directions', async () => {
        const conv = 'u:alice:dave';
        for (let i = 1; i <= 6; i++) await send('alice', conv, `m${i}`);
        const seqs = async (input: object) => {
          const { events: found, more } = (await as('dave', 'history', { conv, ...input })).data;
          return [(found as unknown as { seq: number }[]).map(({ seq }) => seq), more];
        };
        assert.deepEqual(await seqs({}), [[1, 2, 3, 4, 5, 6], false]);
        assert.deepEqual(await seqs({ limit: 2 }), [[5, 6], true]);
        assert.deepEqual(await seqs({ limit: 2, before: 3 }), [[1, 2], false]);
        assert.deepEqual(await seqs({ limit: 2, before: 5 }), [[3, 4], true]);
        assert.deepEqual(await seqs({ limit: 3, after: 0 }), [[1, 2, 3], true]);
        assert.deepEqual(await seqs({ after: 4 }), [[5, 6], false]);
        assert.deepEqual(await seqs({ after: 1, before: 4 }), [[2, 3], false]);
        assert.deepEqual(await seqs({ after: 6 }), [[], false]);
        await refused('dave', 'history', { conv, limit: 0 }, 'request.invalid', 400);
        await refused('dave', 'history', { conv, limit: 501 }, 'request.invalid', 400);
      });

      it('show what changes made of messages', async () => {
        const conv = 'u:bob:carol';
        for (const id of ['a', 'b', 'c']) await send('bob', conv, id);
        await send('bob', conv, 'e', 'edit', { target: 1, body: { text: 'better' } });
        await send('carol', conv, 'r1', 'react', { target: 1, emoji: '👍', on: true });
        await send('bob', conv, 'r2', 'react', { target: 1, emoji: '👍', on: true });
        await send('carol', conv, 'p', 'pin', { target: 2, on: true });
        await send('bob', conv, 'x', 'recall', { target: 3 });
        const [a, b, c] = await events('carol', conv);
        assert.deepEqual([a!.body, a!.reactions], [{ text: 'better' }, { '👍': ['carol', 'bob'] }]);
        assert.equal(typeof a!.edited, 'number');
        assert.equal(b!.pinned, true);
        assert.deepEqual([c!.recalled, c!.body], [true, undefined]);
        const raw = await events('carol', conv, { raw: true });
        assert.deepEqual([raw[0]!.body, raw[0]!.edited, raw[2]!.body], [{ text: 'a' }, undefined, undefined]);
      });

      it('are listed with the latest first, their heads and what is unread', async () => {
        for (const uid of ['reader', 'writer']) tokens[uid] = await api.token(uid);
        await as('reader', 'me.get');
        await as('writer', 'me.get');
        const gid = await make('writer', { members: ['reader'] });
        await send('writer', 'u:reader:writer', 'one');
        await as('writer', 'messages.send', {
          conv: 'u:reader:writer',
          id: 'two',
          type: 'text',
          body: { text: 'you' },
          mentions: ['reader'],
        });
        const { items, next } = (await as('reader', 'conversations.list', { limit: 1 })).data;
        const [first] = items as unknown as Record<string, unknown>[];
        const { head, ...rest } = first!;
        assert.deepEqual(rest, {
          conv: 'u:reader:writer',
          kind: 'direct',
          uid: 'writer',
          unread: 2,
          mentions: 1,
          read: 0,
          peerRead: 0,
          pinned: false,
          muted: false,
          hidden: false,
          markedUnread: false,
        });
        assert.deepEqual((head as { body: unknown }).body, { text: 'you' });
        const second = (await as('reader', 'conversations.list', { limit: 1, cursor: next })).data;
        const [group] = second.items as unknown as Record<string, unknown>[];
        assert.deepEqual(
          [group!.conv, group!.gid, group!.name, group!.unread],
          [`g:${gid}`, gid, 'Birds', 0],
        );
        assert.equal(second.next, undefined);
        const update = { conv: 'u:reader:writer', read: 2 };
        const read = (await as('reader', 'conversations.update', update)).data;
        assert.deepEqual([read.read, read.unread, read.mentions], [2, 0, 0]);
        const peer = (await as('writer', 'conversations.get', { conv: 'u:reader:writer' })).data;
        assert.deepEqual([peer.peerRead, peer.uid], [2, 'reader']);
      });

      it('answer who has a message and who has read it', async () => {
        const gid = await make('alice', { members: ['bob', 'carol', 'dave'] });
        const conv = `g:${gid}`;
        const { seq } = (await send('alice', conv, 'm')).data;
        await api.timeline.moveCursors([
          { conv, uid: 'bob', delivered: seq as unknown as number },
          { conv, uid: 'carol', delivered: 1 },
        ]);
        await as('dave', 'conversations.update', { conv, read: seq });
        const { data } = await as('alice', 'receipts', { conv, seq });
        assert.deepEqual(data, {
          delivered: ['bob', 'dave'],
          read: ['dave'],
          counts: { members: 3, delivered: 2, read: 1 },
        });
        const first = (await as('alice', 'receipts', { conv, seq, limit: 1 })).data;
        assert.deepEqual([first.delivered, first.read], [['bob'], []]);
        const rest = (await as('alice', 'receipts', { conv, seq, cursor: first.next })).data;
        assert.deepEqual([rest.delivered, rest.next], [['dave'], undefined]);
        await refused('alice', 'receipts', { conv, seq: 99 }, 'target.not-found', 404);
      });

      it('are synced from the cursors on, the oldest first', async () => {
        for (const uid of ['syncer', 'pal']) {
          tokens[uid] = await api.token(uid);
          await as(uid, 'me.get');
        }
        const gid = await make('pal', { members: ['syncer'] });
        for (const id of ['a', 'b', 'c']) await send('pal', 'u:pal:syncer', id);
        interface Synced {
          conv: string;
          head: { seq: number };
          unread: number;
          events: { seq: number }[];
          more: boolean;
        }
        const sync = async (input: object) => {
          const { conversations, more } = (await as('syncer', 'sync', input)).data;
          const shown = (conversations as unknown as Synced[]).map((one) => [
            one.conv,
            one.head.seq,
            one.unread,
            one.events.map(({ seq }) => seq),
            one.more,
          ]);
          return [shown, more];
        };
        const group = [`g:${gid}`, 1, 0, [1], false];
        assert.deepEqual(await sync({}), [[group, ['u:pal:syncer', 3, 3, [1, 2, 3], false]], false]);
        assert.deepEqual(await sync({ limit: 2 }), [[group, ['u:pal:syncer', 3, 3, [1, 2], true]], true]);
        const cursors = { [`g:${gid}`]: 1, 'u:pal:syncer': 2, 'u:a:b': 7 };
        assert.deepEqual(await sync({ cursors }), [[['u:pal:syncer', 3, 3, [3], false]], false]);
        await refused('syncer', 'sync', { cursors: { x: -1 } }, 'request.invalid', 400);
        await refused('syncer', 'sync', { limit: 0 }, 'request.invalid', 400);
      });
    });

    it('are refused without a token, all but those that give one', async () => {
      for (const { name, access } of api.operations) {
        const { code } = await ask(name, { gid: 'g', uid: 'u', conv: 'c', seq: 1 });
        assert.equal(code === 'auth.bad-token', access !== 'none', name);
      }
    });
  });
}
