import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../../support/until.ts';
import { doors } from '../doors.ts';
import { type People, startPeople } from '../people.ts';

const password = 'correct horse';

for (const door of doors) {
  describe(`accounts over ${door.name}`, () => {
    let people: People;
    before(async () => {
      people = await startPeople(door, ['alice', 'bob', 'carol', 'dave']);
    });
    after(() => people.api.stop());

    /** Registers a user and answers a token. */
    const register = async (uid: string, more: object = {}): Promise<string> => {
      const { data } = await people.ask('auth.register', { uid, password, ...more });
      return data.accessToken as unknown as string;
    };
    const found = async (asker: string, q: string, more: object = {}) =>
      ((await people.data(asker, 'users.search', { q, ...more })).items as unknown as { uid: string }[]).map(
        ({ uid }) => uid,
      );
    const ended = (uid: string) =>
      people.api.messages.filter((message) => message.type === 'end' && message.uid === uid);

    describe('the own profile', () => {
      it('is changed member by member, and null clears one', async () => {
        const { createdAt, ...fresh } = await people.data('alice', 'me.get');
        assert.equal(typeof createdAt, 'number');
        const settings = { discoverable: true, readReceipts: true, invisible: false };
        assert.deepEqual(fresh, { uid: 'alice', name: 'The alice', ...settings });
        const changes = {
          name: 'Alice ❤',
          avatar: 'https://birds.example/a.png',
          bio: 'Sings.\nAlways.',
          readReceipts: false,
          invisible: true,
        };
        const changed = { uid: 'alice', createdAt, ...settings, ...changes };
        assert.deepEqual(await people.data('alice', 'me.update', changes), changed);
        assert.deepEqual(await people.data('alice', 'me.get'), changed);
        assert.deepEqual(people.api.messages.at(-1), { type: 'stale', user: 'alice' });
        const { readReceipts, invisible } = await people.api.directory.userFacts('alice');
        assert.deepEqual([readReceipts, invisible], [false, true]);
        const others = await people.data('bob', 'users.get', { uid: 'alice' });
        const { name, avatar, bio } = changes;
        assert.deepEqual(others, { uid: 'alice', name, avatar, bio, createdAt });
        const cleared = await people.data('alice', 'me.update', { name: null, avatar: null, bio: null });
        const back = { readReceipts: false, invisible: true };
        assert.deepEqual(cleared, { uid: 'alice', createdAt, ...settings, ...back });
        assert.deepEqual(await people.data('alice', 'me.update', {}), cleared);
        await people.data('alice', 'me.update', { name: 'The alice', readReceipts: true, invisible: false });
      });

      it('has bounds', async () => {
        const refused = (input: object) =>
          people.refused('alice', 'me.update', input, 'request.invalid', 400);
        await refused({ name: '' });
        await refused({ name: 'x'.repeat(101) });
        await refused({ name: 'a\nb' });
        await refused({ avatar: 'x'.repeat(1025) });
        await refused({ avatar: 'a\u0000' });
        await refused({ bio: 'x'.repeat(1001) });
        await refused({ bio: 'a\u0007' });
        await refused({ invisible: 'yes' });
        await refused({ discoverable: null });
        await refused({ uid: 'mallory' });
        await people.data('alice', 'me.update', {
          name: '漢'.repeat(100),
          avatar: 'x'.repeat(1024),
          bio: '❤'.repeat(1000),
        });
        await people.data('alice', 'me.update', { name: 'The alice', avatar: null, bio: null });
      });

      it('of others is there for those who are signed in', async () => {
        await people.refused('alice', 'users.get', { uid: 'nobody' }, 'user.not-found', 404);
        await people.refused('', 'users.get', { uid: 'alice' }, 'auth.bad-token', 401);
        await people.refused('', 'me.update', { name: 'x' }, 'auth.bad-token', 401);
      });
    });

    describe('a search', () => {
      it('finds users by uid and name, whoever made them', async () => {
        await register('wren', { name: 'Jenny Wren' });
        await people.ask('me.get', {}, await people.api.token('wrentit'));
        assert.deepEqual(await found('alice', 'WREN'), ['wren', 'wrentit']);
        assert.deepEqual(await found('alice', 'jenny w'), ['wren']);
        const { items } = await people.data('alice', 'users.search', { q: 'jenny' });
        const [{ createdAt, ...profile }] = items as unknown as [Record<string, unknown>];
        assert.equal(typeof createdAt, 'number');
        assert.deepEqual(profile, { uid: 'wren', name: 'Jenny Wren' });
      });

      it('comes in pages', async () => {
        for (const uid of ['finch', 'finch-1', 'finch-2', 'finch-3'])
          await register(uid, { name: 'A Finch' });
        const seen: string[] = [];
        let cursor: unknown;
        do {
          const answer = await people.data('alice', 'users.search', {
            q: 'finch',
            limit: 1,
            ...(cursor !== undefined && { cursor }),
          });
          const items = answer.items as unknown as { uid: string }[];
          assert.equal(items.length, 1);
          seen.push(items[0]!.uid);
          cursor = answer.next;
        } while (cursor !== undefined);
        assert.deepEqual(seen, ['finch', 'finch-1', 'finch-2', 'finch-3']);
      });

      it('passes over those who do not want to be found, save for their friends and themselves', async () => {
        const token = await register('owl', { name: 'Night Owl' });
        await people.ask('me.update', { discoverable: false }, token);
        assert.deepEqual([await found('alice', 'owl'), await found('alice', 'night')], [[], []]);
        const own = await people.ask('users.search', { q: 'night' }, token);
        assert.equal((own.data.items as unknown as unknown[]).length, 1);
        const asked = await people.ask('friends.request', { uid: 'carol' }, token);
        await people.data('carol', 'friends.accept', { id: asked.data.id });
        assert.deepEqual([await found('carol', 'owl'), await found('carol', 'night')], [['owl'], ['owl']]);
      });

      it('shows nobody across a block', async () => {
        await register('jay', { name: 'Blue Jay' });
        await people.data('bob', 'blocks.add', { uid: 'jay' });
        assert.deepEqual([await found('bob', 'jay'), await found('bob', 'blue')], [[], []]);
        assert.deepEqual(await found('alice', 'jay'), ['jay']);
      });

      it('needs something to look for', async () => {
        for (const q of ['', ' ', '\u00a0', 'x'.repeat(65)])
          await people.refused('alice', 'users.search', { q }, 'request.invalid', 400);
        await people.refused('alice', 'users.search', {}, 'request.invalid', 400);
        const cursor = Buffer.from('one part').toString('base64url');
        await people.refused('alice', 'users.search', { q: 'a', cursor }, 'request.invalid', 400);
        assert.deepEqual(await found('alice', '%'), []);
      });
    });

    describe('a change of password', () => {
      const login = async (uid: string, secret: string) =>
        people.ask('auth.login', { uid, password: secret, device: 'd1' });

      it('ends every sign-in but the one that asks', async () => {
        const own = await register('erin');
        const other = (await login('erin', password)).data;
        const change = { password, newPassword: 'battery staple' };
        const answer = await people.ask('me.password', change, own);
        assert.equal(answer.code, undefined);
        if (answer.status !== undefined) assert.equal(answer.status, 204);
        const { sid } = await people.api.authenticator.verify(own);
        const [end, ...more] = ended('erin');
        assert.deepEqual(more, []);
        assert.ok(end?.type === 'end' && end.reason === 0x98 && end.sids?.length === 1);
        assert.ok(!end.sids.includes(sid!));
        const again = await people.ask('me.get', {}, other.accessToken as unknown as string);
        assert.equal(again.code, 'auth.bad-token');
        const refresh = await people.ask('auth.refresh', { refreshToken: other.refreshToken });
        assert.equal(refresh.code, 'auth.bad-token');
        assert.equal((await people.ask('me.get', {}, own)).code, undefined);
        assert.equal((await login('erin', password)).code, 'auth.bad-credentials');
        assert.equal((await login('erin', 'battery staple')).code, undefined);
      });

      it('ends all sign-ins where a token of another source asks', async () => {
        const own = await register('frank');
        const outside = await people.api.token('frank');
        const change = { password, newPassword: 'battery staple' };
        assert.equal((await people.ask('me.password', change, outside)).code, undefined);
        assert.equal((await people.ask('me.get', {}, own)).code, 'auth.bad-token');
        assert.equal((await people.ask('me.get', {}, outside)).code, undefined);
      });

      it('needs the current password, and counts wrong ones with those of signing in', async () => {
        const token = await register('grace');
        const refused = async (input: object, code: string) => {
          const answer = await people.ask('me.password', { newPassword: 'battery staple', ...input }, token);
          assert.equal(answer.code, code);
        };
        await refused({ password, newPassword: 'short' }, 'request.invalid');
        await refused({}, 'request.invalid');
        for (let i = 0; i < 10; i++) await refused({ password: 'guess' }, 'auth.bad-credentials');
        await refused({ password }, 'auth.too-many-attempts');
        assert.equal((await login('grace', password)).code, 'auth.too-many-attempts');
        assert.equal((await people.ask('me.get', {}, token)).code, undefined);
      });

      it('is not for users without a password', async () => {
        const token = await people.api.token('machine');
        await people.ask('me.get', {}, token);
        const answer = await people.ask('me.password', { password, newPassword: 'battery staple' }, token);
        assert.equal(answer.code, 'auth.bad-credentials');
      });
    });

    describe('the removal of an account', () => {
      const remove = async (token: string, input: object = { password }) => {
        const answer = await people.ask('me.remove', input, token);
        assert.equal(answer.code, undefined);
        if (answer.status !== undefined) assert.equal(answer.status, 204);
      };

      it('needs the password where there is one', async () => {
        const token = await register('heidi');
        for (const input of [{}, { password: 'wrong horse' }])
          assert.equal((await people.ask('me.remove', input, token)).code, 'auth.bad-credentials');
        await remove(token);
        const machine = await people.api.token('machine-2');
        await people.ask('me.get', {}, machine);
        await remove(machine, {});
        assert.equal((await people.ask('me.get', {}, machine)).code, 'auth.bad-token');
      });

      it('holds at once, for every token and every door, for ever', async () => {
        const token = await register('ivan', { name: 'Ivan' });
        const { data: session } = await people.ask('auth.login', { uid: 'ivan', password });
        const outside = await people.api.token('ivan');
        assert.equal((await people.ask('me.get', {}, outside)).code, undefined);
        await remove(token);
        for (const old of [token, outside, await people.api.token('ivan', { did: 'new' })])
          assert.equal((await people.ask('me.get', {}, old)).code, 'auth.bad-token');
        const refresh = await people.ask('auth.refresh', { refreshToken: session.refreshToken });
        assert.equal(refresh.code, 'auth.bad-token');
        assert.equal(
          (await people.ask('auth.login', { uid: 'ivan', password })).code,
          'auth.bad-credentials',
        );
        await people.refused('', 'auth.register', { uid: 'ivan', password }, 'user.exists', 409);
        assert.equal((await people.send('alice', 'u:alice:ivan', 'm1')).code, 'user.not-found');
        await people.refused('alice', 'friends.request', { uid: 'ivan' }, 'user.not-found', 404);
        await people.refused(
          'alice',
          'groups.create',
          { name: 'x', members: ['ivan'] },
          'user.not-found',
          404,
        );
        const { createdAt, ...rest } = await people.data('alice', 'users.get', { uid: 'ivan' });
        assert.equal(typeof createdAt, 'number');
        assert.deepEqual(rest, { uid: 'ivan', removed: true });
        assert.deepEqual(await found('alice', 'ivan'), []);
        await until('the end of the connections', () =>
          ended('ivan').some((one) => one.type === 'end' && one.reason === 0x98 && one.sids === undefined),
        );
      });

      it('takes what was said out of every conversation, and says so', async () => {
        const token = await register('judy');
        await people.ask('messages.send', textTo('u:alice:judy', 'm1', 'secret one'), token);
        await people.send('alice', 'u:alice:judy', 'a1');
        await people.ask('messages.send', textTo('u:alice:judy', 'm2', 'before'), token);
        const edit = { conv: 'u:alice:judy', id: 'e1', type: 'edit' };
        await people.ask(
          'messages.send',
          { ...edit, body: { target: 3, body: { text: 'secret two' } } },
          token,
        );
        const react = { conv: 'u:alice:judy', id: 'r1', type: 'react' };
        await people.ask('messages.send', { ...react, body: { target: 2, emoji: '👍', on: true } }, token);
        await people.send('alice', 'u:alice:judy', 'p1', 'pin', { target: 3, on: true });
        assert.equal((await people.events('alice', 'u:alice:judy'))[2]!.body !== undefined, true);
        const gid = await people.group('alice', ['judy', 'bob']);
        const secret = { ...textTo(`g:${gid}`, 'm1', 'secret three'), mentions: ['bob'] };
        await people.ask('messages.send', secret, token);
        await remove(token);

        const tombstoned = async (conv: string) => {
          const events = await people.events('alice', conv);
          return events.some(({ type }) => type === 'system') ? events : undefined;
        };
        const direct = await until('the direct conversation', () => tombstoned('u:alice:judy'));
        assert.deepEqual(
          direct.map(({ type, from, body, recalled }) => [type, from, recalled ?? false, body !== undefined]),
          [
            ['text', 'judy', true, false],
            ['text', 'alice', false, true],
            ['text', 'judy', true, false],
            ['edit', 'judy', true, true],
            ['react', 'judy', false, true],
            ['pin', 'alice', false, true],
            ['system', 'system', false, true],
          ],
        );
        assert.deepEqual(direct[3]!.body, { target: 3 });
        assert.equal('pinned' in direct[2]!, false);
        assert.deepEqual(direct[6]!.body, { action: 'user-removed', uid: 'judy' });
        const group = await until('the group', () => tombstoned(`g:${gid}`));
        assert.deepEqual(
          group.map(({ type, recalled }) => [type, recalled ?? false]),
          [
            ['group', false],
            ['text', true],
            ['member', false],
            ['system', false],
          ],
        );
        assert.deepEqual(group[2]!.body, { action: 'left', uids: ['judy'], by: 'judy' });
        for (const conv of ['u:alice:judy', `g:${gid}`]) {
          const raw = await people.events('alice', conv, { raw: true });
          assert.equal(JSON.stringify(raw).includes('secret'), false);
          assert.equal(JSON.stringify(raw).includes('before'), false);
        }
        const members = await people.data('alice', 'groups.members.list', { gid });
        assert.deepEqual(
          (members.items as unknown as { uid: string }[]).map(({ uid }) => uid),
          ['alice', 'bob'],
        );
        const [listed] = (await people.data('bob', 'conversations.list')).items as unknown as {
          mentions: number;
        }[];
        assert.equal(listed!.mentions, 0);
      });

      it('hands groups on, to the admin or member who came first, and ends those of one alone', async () => {
        const token = await register('kim');
        const own = (members: readonly string[]) =>
          people
            .ask('groups.create', { name: 'Own', members }, token)
            .then(({ data }) => data.gid as unknown as string);
        const [alone, shared] = [await own([]), await own(['bob', 'alice'])];
        await remove(token);
        await until('the new owner', async () => {
          const { owner } = await people.data('alice', 'groups.get', { gid: shared });
          return (owner as unknown as string) !== 'kim';
        });
        const { owner, memberCount } = await people.data('bob', 'groups.get', { gid: shared });
        assert.ok(['alice', 'bob'].includes(owner as unknown as string));
        assert.equal(memberCount, 2);
        await until('the end of the group', async () => !(await people.api.directory.getGroup(alone)));
      });

      it('takes friends, blocks, requests and devices along', async () => {
        const token = await register('leo');
        const request = await people.ask('friends.request', { uid: 'dave' }, token);
        await people.data('dave', 'friends.accept', { id: request.data.id });
        await people.ask('blocks.add', { uid: 'bob' }, token);
        await remove(token);
        await until('the end of the friendship', async () => {
          const { items } = await people.data('dave', 'friends.list');
          return (items as unknown as { uid: string }[]).every(({ uid }) => uid !== 'leo');
        });
        await until(
          'the end of the devices',
          async () => (await people.api.directory.devicesOf('leo')).length === 0,
        );
        const { friends, blocked } = await people.api.directory.directFacts('leo', 'bob');
        assert.deepEqual([friends, blocked], [false, false]);
        assert.ok(people.notices('dave', 'friend').some((notice) => 'uid' in notice && notice.uid === 'leo'));
      });
    });
  });
}

const textTo = (conv: string, id: string, text: string) => ({ conv, id, type: 'text', body: { text } });
