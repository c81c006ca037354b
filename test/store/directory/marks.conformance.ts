import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Directory } from '../../../store/directory.ts';
import type { DirectoryFixture } from './conformance.ts';

const everything = Number.MAX_SAFE_INTEGER;

/** What store/directory/marks.ts promises, for every implementation. */
export function marksConformance(name: string, open: () => Promise<DirectoryFixture>): void {
  describe(`marks in the directory on ${name}`, () => {
    let fixture: DirectoryFixture;
    let directory: Directory;
    const group = 'g:birds';
    const direct = 'u:alice:bob';

    const mention = (conv: string, seq: number, uids: readonly string[], from = 'alice') =>
      directory.addMentions({ conv, seq, n: seq - 1, from, uids });
    const count = async (uid: string, conv = group, n = 0) => {
      const [counted] = await directory.countMentions(uid, [{ conv, n }]);
      return counted;
    };
    const pin = (seq: number, change: number, by = 'alice') =>
      directory.setPin({ conv: group, seq, change, by, at: change * 10 });
    const pinned = async (before = everything, limit = 100) =>
      (await directory.pins(group, before, limit)).map(({ seq }) => seq);

    beforeEach(async () => {
      fixture = await open();
      directory = fixture.directory;
      await directory.ensureUsers(['alice', 'bob', 'carol', 'dave'], 1);
      const birds = { gid: 'birds', name: 'Birds', owner: 'alice', join: 'open', muted: false } as const;
      const event = { id: 'e', from: 'alice', raw: '{"id":"e"}' };
      await directory.createGroup({ ...birds, history: 'joined', createdAt: 1 }, ['bob', 'carol'], event);
      await directory.settle('birds', 1, { seq: 1, n: 0 });
    });
    afterEach(() => fixture.end());

    it('counts the messages that mention a user above what they have read', async () => {
      await mention(group, 2, ['bob']);
      await mention(group, 3, ['bob', 'carol']);
      await mention(group, 4, ['carol']);
      assert.deepEqual(
        [await count('bob'), await count('carol'), await count('alice'), await count('dave')],
        [2, 2, 0, 0],
      );
      // What bob has read up to is told by n: 1 is the message at 2.
      assert.deepEqual([await count('bob', group, 1), await count('bob', group, 2)], [1, 0]);
    });

    it('counts a message for everybody once, and for all but its sender', async () => {
      await mention(group, 2, ['@all', 'bob', 'bob']);
      await mention(group, 3, ['bob', 'bob', 'alice']);
      assert.deepEqual([await count('bob'), await count('carol'), await count('alice')], [2, 1, 0]);
    });

    it('notes nobody who has no part in the conversation', async () => {
      await mention(group, 2, ['dave', 'nobody']);
      await mention(direct, 2, ['carol', 'bob']);
      assert.deepEqual(
        [await count('dave'), await count('carol', direct), await count('bob', direct)],
        [0, 0, 1],
      );
    });

    it('notes a message once, however often it is told', async () => {
      const all = Array.from({ length: 10 }, () => mention(group, 2, ['bob', 'carol']));
      await Promise.all([...all, mention(group, 3, ['@all']), mention(group, 3, ['@all'])]);
      assert.deepEqual([await count('bob'), await count('carol')], [2, 2]);
    });

    it('counts for many conversations at once, in the order asked', async () => {
      await mention(group, 2, ['bob']);
      await mention(direct, 2, ['bob']);
      await mention(direct, 3, ['bob']);
      const asked = Array.from({ length: 600 }, (_, i) => ({ conv: `u:a${i}:bob`, n: 0 }));
      const counts = await directory.countMentions('bob', [
        { conv: direct, n: 0 },
        ...asked,
        { conv: group, n: 0 },
        { conv: direct, n: 0 },
      ]);
      assert.deepEqual([counts[0], counts[1], counts.at(-2), counts.at(-1)], [2, 0, 1, 2]);
      assert.deepEqual(await directory.countMentions('bob', []), []);
    });

    it('forgets what a user has read, and nothing of others', async () => {
      await mention(group, 2, ['bob', 'carol']);
      await mention(group, 3, ['@all']);
      await mention(group, 4, ['bob']);
      await directory.readMentions(group, 'bob', 3);
      await directory.readMentions(group, 'bob', 3);
      assert.deepEqual([await count('bob'), await count('carol')], [2, 2]);
      await directory.readMentions(group, 'bob', everything);
      // What was for everybody stays for those who have not read it: reading is told by n.
      assert.deepEqual([await count('bob'), await count('bob', group, 3)], [1, 0]);
    });

    it('forgets the mentions and the pin of one message', async () => {
      await mention(group, 2, ['bob', 'carol']);
      await mention(group, 3, ['bob']);
      await pin(2, 5);
      await pin(3, 6);
      await directory.removeMarks(group, 2);
      await directory.removeMarks(group, 2);
      await directory.removeMarks(direct, 3);
      assert.deepEqual([await count('bob'), await count('carol'), await pinned()], [1, 0, [3]]);
    });

    it('lists pins by the change that made them, the newest first, in pages', async () => {
      await pin(2, 11);
      await pin(9, 10, 'bob');
      await pin(4, 12);
      assert.deepEqual(await pinned(), [4, 2, 9]);
      assert.deepEqual(await pinned(everything, 2), [4, 2]);
      assert.deepEqual(await pinned(11), [9]);
      assert.deepEqual(await directory.pins(group, 11, 5), [
        { conv: group, seq: 9, change: 10, by: 'bob', at: 100 },
      ]);
      assert.deepEqual(await directory.pins(direct, everything, 5), []);
    });

    it('keeps the newest pinning of a message, and none that was taken off', async () => {
      await pin(2, 11, 'bob');
      await pin(2, 13, 'carol');
      await pin(2, 12);
      await pin(3, 14);
      await directory.removePin(group, 3);
      await directory.removePin(group, 3);
      assert.deepEqual(await directory.pins(group, everything, 5), [
        { conv: group, seq: 2, change: 13, by: 'carol', at: 130 },
      ]);
    });

    it('has its marks again when it is opened again', async () => {
      await mention(group, 2, ['bob']);
      await pin(2, 11);
      directory = await fixture.reopen();
      assert.deepEqual([await count('bob'), await pinned()], [1, [2]]);
    });
  });
}
