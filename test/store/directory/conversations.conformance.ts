import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Directory, mutedForEver } from '../../../store/directory.ts';
import type { DirectoryFixture } from './conformance.ts';

/** What store/directory/conversations.ts promises, for every implementation. */
export function conversationsConformance(name: string, open: () => Promise<DirectoryFixture>): void {
  describe(`what users keep about conversations, on ${name}`, () => {
    const conv = 'u:alice:bob';
    const nothing = {
      conv,
      pinnedAt: 0,
      mutedUntil: 0,
      markedUnread: false,
      clearedSeq: 0,
      clearedN: 0,
    };
    let fixture: DirectoryFixture;
    let directory: Directory;

    beforeEach(async () => {
      fixture = await open();
      directory = fixture.directory;
    });
    afterEach(() => fixture.end());

    it('is nothing at first, and each user’s own', async () => {
      assert.equal(await directory.settings('alice', conv), undefined);
      assert.deepEqual(await directory.settingsOf('alice'), []);
      await directory.changeSettings('alice', conv, { pinnedAt: 5 });
      assert.equal(await directory.settings('bob', conv), undefined);
      assert.deepEqual(await directory.settingsOf('bob'), []);
      assert.deepEqual(await directory.settingsOf('alice'), [{ ...nothing, pinnedAt: 5 }]);
      assert.deepEqual(
        [await directory.countSettings('alice'), await directory.countSettings('bob')],
        [1, 0],
      );
    });

    it('changes what is named and nothing else, and is there after an opening', async () => {
      const draft = { text: 'I was about to … ❤', at: 7 };
      const answers = [
        await directory.changeSettings('alice', conv, { draft, hiddenN: 0 }),
        await directory.changeSettings('alice', conv, { mutedUntil: mutedForEver, markedUnread: true }),
      ];
      assert.deepEqual(answers[0], { ...nothing, draft, hiddenN: 0 });
      const all = { ...nothing, draft, hiddenN: 0, mutedUntil: mutedForEver, markedUnread: true };
      assert.deepEqual(answers[1], all);
      directory = await fixture.reopen();
      assert.deepEqual(await directory.settings('alice', conv), all);
      const emptied = await directory.changeSettings('alice', conv, {
        draft: null,
        hiddenN: null,
        mutedUntil: 0,
        markedUnread: false,
      });
      assert.deepEqual(emptied, nothing);
    });

    it('keeps the time of a pin until it is taken away', async () => {
      const pin = async (pinnedAt: number) =>
        (await directory.changeSettings('alice', conv, { pinnedAt })).pinnedAt;
      assert.deepEqual([await pin(5), await pin(9), await pin(0), await pin(9)], [5, 5, 0, 9]);
    });

    it('never brings back what was cleared', async () => {
      const clear = async (seq: number, n: number) => {
        const { clearedSeq, clearedN } = await directory.changeSettings('alice', conv, {
          cleared: { seq, n },
        });
        return [clearedSeq, clearedN];
      };
      assert.deepEqual(await clear(7, 5), [7, 5]);
      assert.deepEqual(await clear(6, 4), [7, 5]);
      assert.deepEqual(await clear(9, 5), [9, 5]);
      await directory.changeSettings('alice', 'g:birds', { pinnedAt: 1 });
      assert.deepEqual(await directory.clearedOf('alice'), [{ conv, seq: 9 }]);
    });

    it('takes changes of many devices at once', async () => {
      const changes = [
        { pinnedAt: 3 },
        { mutedUntil: 4 },
        { hiddenN: 2 },
        { markedUnread: true },
        { draft: { text: 'x', at: 1 } },
        { cleared: { seq: 3, n: 2 } },
        { cleared: { seq: 2, n: 1 } },
      ];
      await Promise.all(changes.map((change) => directory.changeSettings('alice', conv, change)));
      assert.deepEqual(await directory.settings('alice', conv), {
        conv,
        pinnedAt: 3,
        mutedUntil: 4,
        hiddenN: 2,
        markedUnread: true,
        draft: { text: 'x', at: 1 },
        clearedSeq: 3,
        clearedN: 2,
      });
    });

    it('takes the mark of being unread away once', async () => {
      assert.equal(await directory.clearMark('alice', conv), false);
      await directory.changeSettings('alice', conv, { markedUnread: true, pinnedAt: 5 });
      assert.deepEqual(
        [await directory.clearMark('alice', conv), await directory.clearMark('alice', conv)],
        [true, false],
      );
      assert.deepEqual(await directory.settings('alice', conv), { ...nothing, pinnedAt: 5 });
    });

    describe('with users and groups', () => {
      const group = (gid: string, members: readonly string[]) =>
        directory.createGroup(
          {
            gid,
            name: `The ${gid}`,
            owner: 'alice',
            join: 'open',
            muted: false,
            history: 'joined',
            createdAt: 5,
          },
          members,
          { id: `${gid}-1`, from: 'alice', raw: `{"id":"${gid}-1"}` },
        );
      /** The group's next event has that place. */
      const settle = async (gid: string, seq: number, n: number) => {
        const [owed] = await directory.owed(gid, 1);
        await directory.settle(gid, owed!.change, { seq, n });
        await directory.forget(gid, owed!.change);
      };

      beforeEach(async () => {
        await directory.createUser({ uid: 'alice', name: 'Alice', createdAt: 1, origin: 'registered' });
        await directory.ensureUsers(['bob', 'carol', 'dave'], 1);
        await group('birds', ['bob', 'carol']);
      });

      it('names users and groups of a list', async () => {
        assert.deepEqual(
          await directory.peers(['alice', 'bob', 'nobody']),
          new Map([
            ['alice', { name: 'Alice', readReceipts: true }],
            ['bob', { readReceipts: true }],
          ]),
        );
        assert.deepEqual(await directory.groupNames(['birds', 'fish']), new Map([['birds', 'The birds']]));
        assert.deepEqual([await directory.peers([]), await directory.groupNames([])], [new Map(), new Map()]);
      });

      it('knows where members begin to read, once their joining has its seq', async () => {
        assert.equal(await directory.placeIn('birds', 'bob'), undefined);
        await settle('birds', 1, 0);
        assert.deepEqual(await directory.placeIn('birds', 'bob'), { since: 1, sinceN: 0 });
        assert.equal(await directory.placeIn('birds', 'dave'), undefined);
        await directory.changeGroup('birds', async (change) => {
          await change.add(['dave'], 'member', 9);
          await change.owe({ id: 'birds-2', from: 'alice', raw: '{"id":"birds-2"}' });
        });
        await settle('birds', 8, 6);
        assert.deepEqual(await directory.placeIn('birds', 'dave'), { since: 8, sinceN: 6 });
        await directory.changeGroup('birds', (change) => change.dissolve(9));
        assert.equal(await directory.placeIn('birds', 'dave'), undefined);
      });

      it('gives those who may see an event, in pages', async () => {
        const uids = async (seq: number, after = '', limit = 10) =>
          (await directory.readersOf('birds', seq, after, limit)).map(({ uid }) => uid);
        assert.deepEqual(await uids(1), []);
        await settle('birds', 1, 0);
        await directory.changeGroup('birds', async (change) => {
          await change.add(['dave'], 'member', 9);
          await change.owe({ id: 'birds-2', from: 'alice', raw: '{"id":"birds-2"}' });
        });
        await settle('birds', 8, 6);
        assert.deepEqual(await uids(7), ['alice', 'bob', 'carol']);
        assert.deepEqual(await uids(8), ['alice', 'bob', 'carol', 'dave']);
        assert.deepEqual(await uids(8, 'alice', 2), ['bob', 'carol']);
        assert.deepEqual(await directory.readersOf('birds', 8, 'carol', 5), [
          { uid: 'dave', readReceipts: true },
        ]);
      });
    });
  });
}
