import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Notice } from '../../../store/bus.ts';
import { doors } from '../doors.ts';
import { type People, startPeople } from '../people.ts';

type Shape = Record<string, unknown> & { readonly conv: string };

for (const door of doors) {
  describe(`conversations over ${door.name}`, () => {
    let people: People;
    const users = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan'];
    before(async () => {
      people = await startPeople(door, users);
    });
    after(() => people.api.stop());

    const list = async (uid: string, input: object = {}) => {
      const { items, next } = await people.data(uid, 'conversations.list', input);
      return { items: items as unknown as Shape[], next: next as string | undefined };
    };
    const ids = async (uid: string, input: object = {}) =>
      (await list(uid, input)).items.map(({ conv }) => conv);
    const update = (uid: string, conv: string, change: object) =>
      people.data(uid, 'conversations.update', { conv, ...change });
    const get = (uid: string, conv: string) => people.data(uid, 'conversations.get', { conv });
    /** What the last notice about a conversation says. */
    const told = (uid: string): object => {
      const { type, ...rest } = people.notices(uid, 'conversation').at(-1) as Notice & { type: string };
      assert.equal(type, 'conversation');
      return rest;
    };

    describe('in the list', () => {
      it('come by their newest event, those pinned before all, the latest pin first', async () => {
        const convs = ['bob', 'carol', 'dave', 'erin'].map((uid) => `u:alice:${uid}`);
        for (const conv of convs) await people.send('alice', conv, 'm');
        const [bob, carol, dave, erin] = convs as [string, string, string, string];
        assert.deepEqual(await ids('alice'), [erin, dave, carol, bob]);
        await people.send('bob', bob, 'again');
        assert.deepEqual(await ids('alice'), [bob, erin, dave, carol]);
        const first = await update('alice', dave, { pinned: true });
        people.api.pass(10);
        await update('alice', carol, { pinned: true });
        people.api.pass(10);
        assert.equal((await update('alice', dave, { pinned: true })).pinnedAt, first.pinnedAt);
        assert.deepEqual(await ids('alice'), [carol, dave, bob, erin]);
        assert.deepEqual(await ids('bob'), [bob]);
        const unpinned = await update('alice', carol, { pinned: false });
        assert.deepEqual([unpinned.pinned, unpinned.pinnedAt], [false, undefined]);
        assert.deepEqual(await ids('alice'), [dave, bob, erin, carol]);
      });

      it('come in pages, and one that moves meanwhile is on the first page of the next look', async () => {
        const gids: string[] = [];
        for (let i = 0; i < 5; i++) gids.push(`g:${await people.group('frank')}`);
        const [a, b, c, d, e] = gids.reverse() as [string, string, string, string, string];
        await update('frank', c, { pinned: true });
        const first = await list('frank', { limit: 2 });
        assert.deepEqual(
          first.items.map(({ conv }) => conv),
          [c, a],
        );
        await people.send('frank', d, 'm');
        const second = await list('frank', { limit: 2, cursor: first.next });
        assert.deepEqual(
          second.items.map(({ conv }) => conv),
          [b, e],
        );
        assert.equal(second.next, undefined);
        assert.deepEqual(await ids('frank'), [c, d, a, b, e]);
        const cursors = ['?', 'AAAA', Buffer.from('x 1 u:a:b').toString('base64url')];
        for (const cursor of cursors)
          await people.refused('frank', 'conversations.list', { cursor }, 'request.invalid', 400);
      });

      it('of groups go with the membership and come with it', async () => {
        await list('grace');
        const gid = await people.group('alice', ['grace']);
        assert.deepEqual(await ids('grace'), [`g:${gid}`]);
        await people.send('alice', `g:${gid}`, 'm');
        assert.equal((await list('grace')).items[0]!.unread, 1);
        await people.data('alice', 'groups.members.remove', { gid, uid: 'grace' });
        assert.deepEqual(await ids('grace'), []);
      });
    });

    describe('hidden', () => {
      it('are out of the list until there is a new message', async () => {
        const conv = 'u:bob:carol';
        await people.send('bob', conv, 'm');
        assert.equal((await update('carol', conv, { hidden: true })).hidden, true);
        assert.deepEqual(told('carol'), { conv, hidden: true });
        assert.ok(!(await ids('carol')).includes(conv));
        assert.deepEqual(await ids('carol', { hidden: true }), [conv]);
        assert.ok((await ids('bob')).includes(conv));
        await people.send('bob', conv, 'r', 'react', { target: 1, emoji: '👍', on: true });
        assert.deepEqual(await ids('carol', { hidden: true }), [conv]);
        await people.send('bob', conv, 'm2');
        assert.equal((await get('carol', conv)).hidden, false);
        assert.ok((await ids('carol')).includes(conv));
        assert.deepEqual(await ids('carol', { hidden: true }), []);
        await update('carol', conv, { hidden: true });
        assert.equal((await update('carol', conv, { hidden: false })).hidden, false);
      });
    });

    describe('removed', () => {
      it('are empty and out of the list for this user alone, until there is a new message', async () => {
        const conv = 'u:dave:erin';
        for (const id of ['a', 'b', 'c']) await people.send('erin', conv, id);
        await update('dave', conv, { pinned: true, draft: 'hm', markedUnread: true });
        const answer = await people.as('dave', 'conversations.remove', { conv });
        if (answer.status !== undefined) assert.equal(answer.status, 204);
        assert.deepEqual(told('dave'), { conv, cleared: 3 });
        for (const hidden of [false, true]) assert.ok(!(await ids('dave', { hidden })).includes(conv));
        const empty = await get('dave', conv);
        assert.deepEqual(
          [empty.head, empty.unread, empty.pinned, empty.draft, empty.markedUnread],
          [null, 0, false, undefined, false],
        );
        assert.deepEqual(await people.events('dave', conv), []);
        assert.deepEqual(await people.events('dave', conv, { after: 0, raw: true }), []);
        await people.refused('dave', 'receipts', { conv, seq: 2 }, 'target.not-found', 404);
        assert.equal((await people.events('erin', conv)).length, 3);

        await people.send('erin', conv, 'd');
        const [first] = (await list('dave')).items;
        assert.deepEqual([first!.conv, first!.unread], [conv, 1]);
        const seqs = (await people.events('dave', conv)).map(({ seq }) => seq);
        assert.deepEqual(seqs, [4]);
        const synced = await people.data('dave', 'sync', { cursors: { [conv]: 1 } });
        const [one] = (synced.conversations as unknown as Shape[]).filter((found) => found.conv === conv);
        assert.deepEqual(
          (one!.events as { seq: number }[]).map(({ seq }) => seq),
          [4],
        );
        assert.equal(one!.unread, 1);
      });

      it('leave the membership of a group as it is', async () => {
        const gid = await people.group('alice', ['heidi']);
        const conv = `g:${gid}`;
        await people.send('alice', conv, 'm');
        await people.data('heidi', 'conversations.remove', { conv });
        assert.deepEqual(await ids('heidi'), []);
        assert.equal((await people.data('heidi', 'groups.get', { gid })).memberCount, 2);
        await people.send('heidi', conv, 'still-here');
        assert.deepEqual(await ids('heidi'), [conv]);
        assert.equal((await people.events('heidi', conv)).length, 1);
      });
    });

    describe('settings', () => {
      const conv = 'u:alice:ivan';
      before(async () => {
        await people.send('alice', conv, 'one');
      });

      it('mute for ever or for a time', async () => {
        const state = ({ muted, mutedUntil }: Record<string, unknown>) => [muted, mutedUntil];
        assert.deepEqual(state(await update('ivan', conv, { muted: true })), [true, undefined]);
        assert.deepEqual(told('ivan'), { conv, muted: true });
        const until = people.api.now() + 60_000;
        assert.deepEqual(state(await update('ivan', conv, { mutedUntil: until })), [true, until]);
        assert.deepEqual(told('ivan'), { conv, muted: true, mutedUntil: until });
        people.api.pass(60_001);
        assert.deepEqual(state(await get('ivan', conv)), [false, undefined]);
        assert.deepEqual(state((await list('ivan')).items[0]!), [false, undefined]);
        people.api.pass(-60_001);
        assert.deepEqual(state(await update('ivan', conv, { mutedUntil: null })), [false, undefined]);
        await update('ivan', conv, { muted: true });
        assert.deepEqual(state(await update('ivan', conv, { muted: false })), [false, undefined]);
        assert.deepEqual(told('ivan'), { conv, muted: false });
      });

      it('keep a draft, for all devices of the user and nobody else', async () => {
        const answer = await update('ivan', conv, { draft: 'Dear Alice ❤' });
        assert.equal(answer.draft, 'Dear Alice ❤');
        assert.equal(typeof answer.draftAt, 'number');
        assert.deepEqual(told('ivan'), { conv, draft: 'Dear Alice ❤', draftAt: answer.draftAt });
        assert.equal((await list('ivan')).items[0]!.draft, 'Dear Alice ❤');
        assert.equal((await get('alice', conv)).draft, undefined);
        assert.deepEqual(
          people
            .notices('alice', 'conversation')
            .filter((one) => 'draft' in one && one.draft === 'Dear Alice ❤'),
          [],
        );
        for (const draft of [null, '']) {
          await update('ivan', conv, { draft: 'x' });
          assert.equal((await update('ivan', conv, { draft })).draft, undefined);
          assert.deepEqual(told('ivan'), { conv, draft: null });
        }
      });

      it('mark as unread until it is read, or opened again', async () => {
        assert.equal((await update('ivan', conv, { read: 1 })).unread, 0);
        const marked = await update('ivan', conv, { markedUnread: true });
        assert.deepEqual([marked.markedUnread, marked.unread], [true, 0]);
        assert.equal((await list('ivan')).items[0]!.markedUnread, true);
        assert.equal((await update('ivan', conv, { read: 1 })).markedUnread, false);
        assert.deepEqual(told('ivan'), { conv, markedUnread: false });
        assert.equal((await list('ivan')).items[0]!.markedUnread, false);
        assert.equal((await update('ivan', conv, { read: 1, markedUnread: true })).markedUnread, true);
      });

      it('are refused where there is nothing to change, or it cannot be', async () => {
        const refused = (change: object) =>
          people.refused('ivan', 'conversations.update', { conv, ...change }, 'request.invalid', 400);
        await refused({});
        await refused({ draft: 'x'.repeat(4097) });
        await refused({ draft: 7 });
        await refused({ pinned: 'yes' });
        await refused({ mutedUntil: -1 });
        await refused({ read: 0 });
        await refused({ pinnedAt: 5 });
        for (const name of ['conversations.update', 'conversations.remove'])
          for (const other of ['u:alice:bob', 'u:ivan:nobody', 'g:none', 'nonsense'])
            await people.refused(
              'ivan',
              name,
              { conv: other, ...(name.endsWith('update') && { pinned: true }) },
              'conversation.not-found',
              404,
            );
      });

      it('may be kept about a conversation that has not begun', async () => {
        const quiet = 'u:grace:heidi';
        assert.equal((await update('grace', quiet, { draft: 'Hello?' })).head, null);
        assert.equal((await get('grace', quiet)).draft, 'Hello?');
        assert.deepEqual(await ids('grace'), []);
        await people.send('heidi', quiet, 'm');
        assert.equal((await list('grace')).items[0]!.draft, 'Hello?');
      });
    });

    it('that have not begun are kept something about up to a limit', async () => {
      const { directory } = people.api;
      const kept = Array.from({ length: 5000 }, (_, i) => `g:none${i}`);
      for (let i = 0; i < kept.length; i += 500)
        await Promise.all(
          kept.slice(i, i + 500).map((conv) => directory.changeSettings('heidi', conv, { pinnedAt: 1 })),
        );
      const quiet = { conv: 'u:heidi:ivan', draft: 'x' };
      await people.refused('heidi', 'conversations.update', quiet, 'conversation.full', 409);
      await people.send('ivan', quiet.conv, 'm');
      assert.equal((await people.data('heidi', 'conversations.update', quiet)).draft, 'x');
    });

    it('with the server itself, and with who was removed, stay readable', async () => {
      const { timeline, directory } = people.api;
      for (const [conv, from] of [
        ['u:erin:system', 'system'],
        ['u:erin:gone', 'gone'],
      ] as const) {
        if (from === 'gone') await directory.ensureUsers(['gone'], 1);
        const raw = Buffer.from('{"id":"m","type":"text","body":{"text":"x"}}');
        await timeline.append([{ conv, from, id: 'm', counts: true, raw }]);
      }
      await directory.removeUser({ uid: 'gone', id: 'r', by: 'gone', at: 5 });
      for (const conv of ['u:erin:system', 'u:erin:gone']) {
        const { unread, uid } = await get('erin', conv);
        assert.deepEqual([unread, uid], [1, conv.slice(7)]);
        assert.equal((await people.events('erin', conv)).length, 1);
        assert.equal((await update('erin', conv, { read: 1 })).unread, 0);
      }
      await people.refused(
        'erin',
        'conversations.get',
        { conv: 'u:erin:nobody' },
        'conversation.not-found',
        404,
      );
    });

    it('show how far the peer has read, where both let it be known', async () => {
      const conv = 'u:carol:erin';
      await people.send('carol', conv, 'm');
      await update('erin', conv, { read: 1 });
      const peerRead = async (uid: string) => [
        (await get(uid, conv)).peerRead,
        (await list(uid)).items.find((one) => one.conv === conv)!.peerRead,
      ];
      assert.deepEqual(await peerRead('carol'), [1, 1]);
      await people.data('erin', 'me.update', { readReceipts: false });
      assert.deepEqual(await peerRead('carol'), [undefined, undefined]);
      assert.deepEqual(await peerRead('erin'), [undefined, undefined]);
      await people.data('erin', 'me.update', { readReceipts: true });
      assert.deepEqual(await peerRead('carol'), [1, 1]);
    });
  });
}
