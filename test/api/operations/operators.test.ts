import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import bcrypt from 'bcrypt';
import { until } from '../../support/until.ts';
import { doors } from '../doors.ts';
import { type People, startPeople } from '../people.ts';

type Items = readonly Record<string, unknown>[];

for (const door of doors) {
  describe(`the server API over ${door.name}`, () => {
    let people: People;
    let token: string;
    const admin = (name: string, input: object = {}) => people.ask(name, input, token);
    const done = async (name: string, input: object = {}, status?: number) => {
      const answer = await admin(name, input);
      assert.equal(answer.code, undefined, `${name} is refused: ${answer.code}`);
      if (answer.status !== undefined && status !== undefined) assert.equal(answer.status, status);
      return answer.data;
    };
    const refused = async (name: string, input: object, code: string, status: number) => {
      const answer = await admin(name, input);
      assert.equal(answer.code, code);
      if (answer.status !== undefined) assert.equal(answer.status, status);
    };
    const itemsOf = async (name: string, input: object = {}) =>
      (await done(name, input)).items as unknown as Items;
    const ends = (uid: string) =>
      people.api.messages.filter((message) => message.type === 'end' && message.uid === uid);
    const text = (id: string) => ({ id, type: 'text', body: { text: `text of ${id}` } });
    const finished = (id: unknown) =>
      until('the end of a broadcast', async () => {
        const found = await done('admin.broadcasts.get', { id });
        return found.state === ('running' as unknown) ? undefined : found;
      });
    const inbox = async (uid: string, from = 'system') => {
      const conv = uid < from ? `u:${uid}:${from}` : `u:${from}:${uid}`;
      const answer = await people.as(uid, 'history', { conv });
      return answer.code === undefined ? (answer.data.events as unknown as Items) : [];
    };

    before(async () => {
      people = await startPeople(door, ['alice', 'bob', 'carol']);
      token = await people.admin();
    });
    after(() => people.api.stop());

    it('is closed to whoever lacks the scope', async () => {
      const inputs: Record<string, object> = {
        'admin.users.create': { uid: 'x' },
        'admin.users.import': { users: [{ uid: 'x' }] },
        'admin.users.get': { uid: 'bob' },
        'admin.users.ban': { uid: 'bob' },
        'admin.users.unban': { uid: 'bob' },
        'admin.users.kick': { uid: 'bob' },
        'admin.users.remove': { uid: 'bob' },
        'admin.send': { to: 'bob', ...text('x') },
        'admin.broadcast': { type: 'text', body: { text: 'x' }, to: { all: true } },
        'admin.broadcasts.list': {},
        'admin.broadcasts.get': { id: 'x' },
        'admin.broadcasts.cancel': { id: 'x' },
        'admin.audit': {},
        'admin.connections': {},
      };
      const names = people.api.operations.filter(({ access }) => access === 'admin').map(({ name }) => name);
      for (const name of names) {
        await people.refused('alice', name, inputs[name]!, 'auth.forbidden', 403);
        await people.refused('nobody', name, inputs[name]!, 'auth.bad-token', 401);
      }
      assert.ok(names.length >= 14);
      assert.deepEqual(await itemsOf('admin.audit'), []);
    });

    describe('users', () => {
      it('are made, with or without a password', async () => {
        const given = { uid: 'made', name: 'Made ❤', avatar: 'https://x.example/a.png', bio: 'One\nTwo' };
        const { createdAt, ...profile } = await done(
          'admin.users.create',
          { ...given, password: 'a good password' },
          201,
        );
        assert.deepEqual(profile, given);
        assert.equal(typeof createdAt, 'number');
        const login = await people.ask('auth.login', { uid: 'made', password: 'a good password' });
        assert.equal(login.code, undefined);
        assert.deepEqual(
          await done('admin.users.create', { uid: 'bare' }, 201).then(({ uid }) => uid),
          'bare',
        );
        const closed = await people.ask('auth.login', { uid: 'bare', password: '' });
        assert.equal(closed.code, 'auth.bad-credentials');
      });

      it('are made once, and never as one of the server', async () => {
        for (const uid of ['made', 'alice', 'system', 'anonymous'])
          await refused('admin.users.create', { uid }, 'user.exists', 409);
        await refused('admin.users.create', { uid: 'Upper' }, 'request.invalid', 400);
        await refused('admin.users.create', { uid: 'short', password: '1234567' }, 'request.invalid', 400);
      });

      it('are made by the hundred, with the password hashes they had elsewhere', async () => {
        const users = Array.from({ length: 300 }, (_, i) => ({ uid: `import-${i}`, name: `Number ${i}` }));
        const passwordHash = await bcrypt.hash('their old password', 4);
        const { created, existing } = await done('admin.users.import', {
          users: [
            ...users,
            { uid: 'import-0' },
            { uid: 'alice' },
            { uid: 'system' },
            { uid: 'old', passwordHash },
          ],
        });
        assert.equal((created as unknown as string[]).length, 301);
        assert.deepEqual(existing, ['alice', 'system']);
        const right = await people.ask('auth.login', { uid: 'old', password: 'their old password' });
        assert.equal(right.code, undefined);
        const wrong = await people.ask('auth.login', { uid: 'old', password: 'their old passwords' });
        assert.equal(wrong.code, 'auth.bad-credentials');
        const again = await done('admin.users.import', { users: users.slice(0, 2) });
        assert.deepEqual(again, { created: [], existing: ['import-0', 'import-1'] });
        const plain = { users: [{ uid: 'plain', passwordHash: 'their old password' }] };
        await refused('admin.users.import', plain, 'request.invalid', 400);
      });

      it('are shown with what only operators see', async () => {
        const { createdAt: _, ...shown } = await done('admin.users.get', { uid: 'alice' });
        assert.deepEqual(shown, {
          uid: 'alice',
          name: 'The alice',
          origin: 'registered',
          banned: false,
          removed: false,
          devices: 1,
        });
        const { origin } = await done('admin.users.get', { uid: 'import-1' });
        assert.equal(origin, 'admin');
        await refused('admin.users.get', { uid: 'nobody' }, 'user.not-found', 404);
      });

      it('are kept out for ever, until the ban is lifted', async () => {
        await done('admin.users.ban', { uid: 'bob', reason: 'spam' }, 204);
        assert.deepEqual(ends('bob').at(-1), { type: 'end', uid: 'bob', reason: 0x87 });
        await people.refused('bob', 'me.get', {}, 'auth.banned', 403);
        const login = await people.ask('auth.login', { uid: 'bob', password: 'correct horse' });
        assert.equal(login.code, 'auth.banned');
        const { banned, bannedUntil, banReason } = await done('admin.users.get', { uid: 'bob' });
        assert.deepEqual([banned, bannedUntil, banReason], [true, undefined, 'spam']);
        await refused('admin.send', { from: 'bob', to: 'alice', ...text('x') }, 'auth.banned', 403);
        await done('admin.users.unban', { uid: 'bob' }, 204);
        await people.data('bob', 'me.get');
        await done('admin.users.unban', { uid: 'bob' }, 204);
        assert.equal((await done('admin.users.get', { uid: 'bob' })).banReason, undefined);
      });

      it('are kept out until a time, and no longer', async () => {
        const until = people.api.now() + 60_000;
        await done('admin.users.ban', { uid: 'bob', until }, 204);
        assert.equal(
          (await done('admin.users.get', { uid: 'bob' })).bannedUntil,
          until as unknown as undefined,
        );
        await people.refused('bob', 'me.get', {}, 'auth.banned', 403);
        people.api.pass(60_001);
        try {
          await people.data('bob', 'me.get');
          assert.equal((await done('admin.users.get', { uid: 'bob' })).banned, false as unknown as undefined);
        } finally {
          people.api.pass(-60_001);
        }
        await done('admin.users.unban', { uid: 'bob' });
        await refused('admin.users.ban', { uid: 'bob', until: 1 }, 'request.invalid', 400);
        for (const name of ['admin.users.ban', 'admin.users.unban', 'admin.users.kick'])
          await refused(name, { uid: 'nobody' }, 'user.not-found', 404);
      });

      it('are thrown out and may come back', async () => {
        await done('admin.users.kick', { uid: 'bob' }, 204);
        assert.deepEqual(ends('bob').at(-1), { type: 'end', uid: 'bob', reason: 0x98 });
        await done('admin.users.kick', { uid: 'bob', did: 'phone' }, 204);
        assert.deepEqual(ends('bob').at(-1), { type: 'end', uid: 'bob', did: 'phone', reason: 0x98 });
        await people.data('bob', 'me.get');
      });
    });

    describe('users who were removed', () => {
      it('are gone for ever, and shown as such to operators', async () => {
        await done('admin.users.create', { uid: 'gone', name: 'Gone' });
        await done('admin.users.ban', { uid: 'gone', reason: 'spam' });
        await done('admin.users.remove', { uid: 'gone' }, 204);
        const {
          createdAt: _,
          bannedUntil: __,
          banReason: ___,
          banned: ____,
          ...shown
        } = await done('admin.users.get', { uid: 'gone' });
        assert.deepEqual(shown, { uid: 'gone', origin: 'admin', removed: true, devices: 0 });
        await refused('admin.users.create', { uid: 'gone' }, 'user.exists', 409);
        const { existing } = await done('admin.users.import', { users: [{ uid: 'gone' }] });
        assert.deepEqual(existing, ['gone']);
        for (const name of ['admin.users.remove', 'admin.users.ban', 'admin.users.unban', 'admin.users.kick'])
          await refused(name, { uid: 'gone' }, 'user.not-found', 404);
        await refused('admin.send', { to: 'gone', ...text('x') }, 'user.not-found', 404);
        await refused('admin.send', { to: 'bob', from: 'gone', ...text('x') }, 'user.not-found', 404);
        await refused('admin.users.remove', { uid: 'system' }, 'user.not-found', 404);
      });
    });

    describe('messages', () => {
      it('come from the system, once by their id', async () => {
        const sent = await done('admin.send', { to: 'bob', ...text('s-1') }, 201);
        assert.deepEqual([sent.conv, sent.seq, typeof sent.ts], ['u:bob:system', 1, 'number']);
        const again = await done('admin.send', { to: 'bob', from: 'system', ...text('s-1') }, 200);
        assert.deepEqual(again, sent);
        const [event] = await inbox('bob');
        assert.deepEqual([event!.from, event!.type, event!.id], ['system', 'text', 's-1']);
      });

      it('come from the system into any group', async () => {
        const gid = await people.group('alice', ['bob'], { muted: true });
        const sent = await done('admin.send', { gid, id: 's-1', type: 'system', body: { any: 'thing' } });
        assert.deepEqual([sent.conv, sent.seq], [`g:${gid}`, 2]);
        const [, event] = await people.events('bob', `g:${gid}`);
        assert.deepEqual([event!.from, event!.type, event!.body], ['system', 'system', { any: 'thing' }]);
      });

      it('come from a user as far as the user may', async () => {
        const sent = await done('admin.send', { from: 'alice', to: 'bob', ...text('a-1') }, 201);
        assert.equal(sent.conv, 'u:alice:bob' as unknown as undefined);
        const gid = await people.group('alice');
        await refused('admin.send', { from: 'bob', gid, ...text('b-1') }, 'send.not-member', 403);
        const system = { from: 'alice', to: 'bob', id: 'a-2', type: 'system', body: {} };
        await refused('admin.send', system, 'payload.invalid', 400);
        await refused('admin.send', { from: 'nobody', to: 'bob', ...text('x') }, 'user.not-found', 404);
      });

      it('have one place to go, which exists, and nothing that is not known', async () => {
        for (const id of ['x', '❤', { not: 'a text' }])
          await refused('admin.send', { ...text('x'), id }, 'request.invalid', 400);
        await refused('admin.send', { to: 'bob', gid: 'g', ...text('x') }, 'request.invalid', 400);
        await refused('admin.send', { to: 'nobody', ...text('x') }, 'user.not-found', 404);
        await refused('admin.send', { gid: 'nowhere', ...text('x') }, 'group.not-found', 404);
        await refused('admin.send', { to: 'bob', ...text('x'), more: 1 }, 'payload.invalid', 400);
        await refused('admin.send', { to: 'bob', id: 'x', type: 'text', body: {} }, 'payload.invalid', 400);
      });
    });

    describe('broadcasts', () => {
      const message = { type: 'text', body: { text: 'to all' } };

      it('reach the listed users once each', async () => {
        const to = { uids: ['alice', 'carol', 'alice', 'nobody'] };
        const { id } = await done('admin.broadcast', { id: 'b-1', ...message, to }, 202);
        assert.equal(id, 'b-1' as unknown as undefined);
        const { createdAt, finishedAt, ...progress } = await finished(id);
        assert.deepEqual(progress, { id, from: 'system', state: 'done', total: 3, sent: 2, failed: 1 });
        assert.ok(Number(finishedAt) >= Number(createdAt));
        for (const uid of ['alice', 'carol']) {
          const events = await inbox(uid);
          assert.deepEqual(
            events.map(({ type, body }) => [type, body]),
            [['text', { text: 'to all' }]],
          );
        }
        await done('admin.broadcast', { id: 'b-1', ...message, to: { uids: ['alice'] } }, 202);
        assert.equal((await inbox('alice')).length, 1);
      });

      it('reach groups, and come from users', async () => {
        const mine = await people.group('alice', ['bob']);
        const other = await people.group('bob');
        const { id } = await done('admin.broadcast', {
          ...message,
          from: 'alice',
          to: { gids: [mine, other] },
        });
        const { total, sent, failed } = await finished(id);
        assert.deepEqual([total, sent, failed], [2, 1, 1]);
        assert.equal((await people.events('bob', `g:${mine}`)).at(-1)!.from, 'alice');
        assert.equal((await people.events('bob', `g:${other}`)).length, 1);
      });

      it('reach every user there is', async () => {
        const { id } = await done('admin.broadcast', {
          id: 'b-all',
          ...message,
          from: 'carol',
          to: { all: true },
        });
        const { total, sent, failed } = await finished(id);
        const users = await people.api.directory.countUsers();
        // All but the one who speaks.
        assert.deepEqual([total, sent, failed], [users - 1, users - 1, 0]);
        assert.equal((await inbox('bob', 'carol')).length, 1);
      });

      it('are listed, the newest first', async () => {
        const first = await done('admin.broadcasts.list', { limit: 2 });
        const [newest, second] = first.items as unknown as Items;
        assert.equal(newest!.id, 'b-all');
        const rest = await itemsOf('admin.broadcasts.list', { limit: 2, cursor: first.next });
        assert.deepEqual(
          rest.map(({ id }) => id),
          ['b-1'],
        );
        assert.notEqual(second!.id, 'b-1');
        await refused('admin.broadcasts.list', { cursor: 'AAAA' }, 'request.invalid', 400);
      });

      it('are stopped, and stay so', async () => {
        people.api.failCommits(true);
        const { id } = await done('admin.broadcast', { ...message, to: { uids: ['alice'] } });
        await done('admin.broadcasts.cancel', { id }, 204);
        people.api.failCommits(false);
        assert.equal((await finished(id)).state, 'cancelled' as unknown as undefined);
        await done('admin.broadcasts.cancel', { id }, 204);
        await done('admin.broadcasts.cancel', { id: 'b-1' }, 204);
        assert.equal((await finished('b-1')).state, 'done' as unknown as undefined);
        for (const name of ['admin.broadcasts.get', 'admin.broadcasts.cancel'])
          await refused(name, { id: 'no-such' }, 'broadcast.not-found', 404);
      });

      it('are messages from someone to someone', async () => {
        const to = { uids: ['bob'] };
        const change = { type: 'recall', body: { target: 1 }, to };
        await refused('admin.broadcast', change, 'payload.invalid', 400);
        await refused('admin.broadcast', { type: 'text', body: {}, to }, 'payload.invalid', 400);
        await refused('admin.broadcast', { ...message, from: 'nobody', to }, 'user.not-found', 404);
        for (const nowhere of [{}, { uids: [] }, { all: false }, { uids: ['bob'], all: true }])
          await refused('admin.broadcast', { ...message, to: nowhere }, 'request.invalid', 400);
      });
    });

    describe('the audit log', () => {
      it('has every action with who, what and what became of it, and no secret', async () => {
        await done('admin.users.create', { uid: 'watched', password: 'never to be seen' });
        await refused('admin.users.create', { uid: 'watched' }, 'user.exists', 409);
        const [second, first] = await itemsOf('admin.audit', { target: 'watched' });
        const { id: _, at, address, ...shown } = second!;
        assert.deepEqual(shown, {
          actor: 'operator',
          action: 'admin.users.create',
          target: 'watched',
          detail: { uid: 'watched' },
          outcome: 'user.exists',
        });
        assert.equal(typeof at, 'number');
        assert.equal(address, '127.0.0.1');
        assert.equal(first!.outcome, 'ok');
        const all = JSON.stringify(await itemsOf('admin.audit', { limit: 500 }));
        for (const secret of ['never to be seen', 'text of', 'to all', '$2b$'])
          assert.ok(!all.includes(secret), secret);
      });

      it('has what the scope does in groups, and not what users do', async () => {
        const { gid } = await done('groups.create', { name: 'Official', members: ['bob'] });
        const [entry] = await itemsOf('admin.audit', { action: 'groups.create' });
        assert.deepEqual([entry!.target, entry!.outcome], [gid, 'ok']);
        assert.deepEqual(entry!.detail, { name: 'Official', members: ['bob'] });
        const mine = await people.group('alice');
        assert.deepEqual(await itemsOf('admin.audit', { target: mine }), []);
      });

      it('is read in pages, by action, actor and time', async () => {
        const all = await itemsOf('admin.audit', { limit: 500 });
        const page = await done('admin.audit', { limit: 3 });
        const rest = await itemsOf('admin.audit', { limit: 500, cursor: page.next });
        assert.deepEqual([...(page.items as unknown as Items), ...rest], all);
        const times = all.map(({ at }) => at as number);
        assert.deepEqual(
          times,
          [...times].sort((x, y) => y - x),
        );
        const older = await itemsOf('admin.audit', { limit: 500, before: times[0] });
        assert.ok(older.length < all.length && older.every(({ at }) => (at as number) < times[0]!));
        const bans = await itemsOf('admin.audit', { action: 'admin.users.ban', actor: 'operator' });
        assert.ok(bans.length > 0 && bans.every(({ action }) => action === 'admin.users.ban'));
        assert.deepEqual(await itemsOf('admin.audit', { actor: 'alice' }), []);
        for (const wrong of [{ target: '❤' }, { action: '' }, { before: -1 }, { cursor: '4p2k' }])
          await refused('admin.audit', wrong, 'request.invalid', 400);
      });
    });

    it('shows who is connected', async () => {
      const connection = (uid: string, clientId: string) =>
        ({
          uid,
          clientId,
          did: clientId,
          platform: 'web',
          address: '192.0.2.1',
          protocol: 5,
          transport: 'ws',
          since: 7,
        }) as const;
      const [a1, a2, b1] = [connection('alice', 'a1'), connection('alice', 'a2'), connection('bob', 'b1')];
      people.api.connected.push(a1, a2, b1);
      assert.deepEqual(await itemsOf('admin.connections'), [a1, a2, b1]);
      assert.deepEqual(await itemsOf('admin.connections', { uid: 'bob' }), [b1]);
      const { items, next } = await done('admin.connections', { limit: 2 });
      assert.deepEqual(items, [a1, a2]);
      assert.deepEqual(await itemsOf('admin.connections', { limit: 2, cursor: next }), [b1]);
    });
  });
}
