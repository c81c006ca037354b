import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Indexer } from '../../../../store/timeline/sqlite/indexer.ts';
import { realDisk } from '../../../../store/timeline/sqlite/journal.ts';
import type { Submission } from '../../../../store/timeline.ts';
import { submission } from '../../timeline.conformance.ts';
import { type Differences, Parts, withDirectory } from './parts.ts';

const withParts = (differences: Differences, use: (parts: Parts) => Promise<void>): Promise<void> =>
  withDirectory(async (dir) => {
    const parts = new Parts(dir, differences);
    try {
      await use(parts);
    } finally {
      await parts.close();
    }
  });

const many = (conv: string, from: number, to: number): Submission[] =>
  Array.from({ length: to - from + 1 }, (_, i) =>
    submission(conv, `user${(from + i) % 5}`, `id-${from + i}`),
  );

const seqs = (answers: readonly { seq: number }[]): number[] => answers.map(({ seq }) => seq);

test('what the disk refuses changes nothing, and the same goes in when the disk takes it', async () => {
  let refuses = false;
  const disk = {
    ...realDisk,
    datasync: (fd: number) => {
      if (refuses) throw new Error('EIO');
      realDisk.datasync(fd);
    },
  };
  await withParts({ disk }, async (parts) => {
    parts.append(submission('g:a', 'alice', '1'), submission('u:alice:bob', 'alice', '1'));
    parts.move({ conv: 'g:a', uid: 'bob', read: 1 });
    const before = parts.reads.cursors('g:a bob');
    const batch = [
      submission('g:a', 'alice', '2'),
      submission('g:new', 'alice', '1'),
      submission('u:alice:zoe', 'zoe', '1'),
      submission('g:a', 'alice', '3', { target: 1, replaces: [{ seq: 1, raw: Buffer.from('{"id":"1"}') }] }),
      submission('g:a', 'alice', '2'),
    ];
    for (const settled of [false, true]) {
      refuses = true;
      assert.throws(() => parts.append(...batch), /EIO/);
      assert.throws(() => parts.move({ conv: 'g:a', uid: 'bob', delivered: 1 }), /EIO/);
      assert.deepEqual(seqs(parts.read('g:a')), [1]);
      assert.notEqual(Buffer.from(parts.read('g:a')[0]!.raw).toString(), '{"id":"1"}');
      assert.deepEqual(parts.read('g:new'), []);
      assert.deepEqual([...parts.reads.heads(['g:new', 'g:a'])].slice(0, 4), [0, 0, 0, 1]);
      assert.deepEqual(
        parts.reads.directs('alice').map(({ conv }) => conv),
        ['u:alice:bob'],
      );
      assert.equal(parts.reads.changes({ conv: 'g:a', from: 1, to: 9, after: 0 }).length, 0);
      assert.deepEqual(parts.reads.cursors('g:a bob'), before);
      refuses = false;
      if (!settled) await parts.flusher.flush();
    }
    assert.deepEqual(parts.append(...batch), [
      { seq: 2, repeat: false },
      { seq: 1, repeat: false },
      { seq: 1, repeat: false },
      { seq: 3, repeat: false },
      { seq: 2, repeat: true },
    ]);
    await parts.flusher.flush();
    assert.deepEqual(seqs(parts.read('g:a')), [1, 2, 3]);
    assert.equal(parts.reads.directs('zoe').length, 1);
  });
});

test('ids whose hashes collide are different ids, in memory, in segments and in runs', () =>
  withParts({ hash: () => 7 }, async (parts) => {
    const all = many('g:a', 1, 400);
    for (let from = 0; from < 400; from += 100) {
      const part = all.slice(from, from + 100);
      assert.ok(parts.append(...part).every(({ repeat }) => !repeat));
      if (from !== 300) await parts.flusher.flush();
    }
    const again = parts.append(...all);
    assert.ok(again.every(({ repeat }) => repeat));
    assert.deepEqual(seqs(again), seqs(parts.read('g:a')));
    assert.deepEqual(parts.append(submission('g:a', 'user1', 'other')), [{ seq: 401, repeat: false }]);
  }));

test('repeats are found after the filter was full and after a restart, while it is being filled', () =>
  withDirectory(async (dir) => {
    const all = [...many('g:a', 1, 900), ...many('g:b', 1, 400)];
    const first = new Parts(dir, { filterBits: 1024 });
    for (let from = 0; from < all.length; from += 90) {
      first.append(...all.slice(from, from + 90));
      if (from % 270 === 0) await first.flusher.flush();
    }
    assert.ok(first.filter.epoch > 1);
    assert.ok(first.append(...all).every(({ repeat }) => repeat));
    await first.close();
    const second = new Parts(dir);
    try {
      // One by one: the filter gets some of the keys with each.
      for (const one of all.toReversed()) assert.ok(second.append(one)[0]!.repeat);
      assert.deepEqual(second.append(submission('g:a', 'x', 'new')), [{ seq: 901, repeat: false }]);
    } finally {
      await second.close();
    }
  }));

test('conversations that were forgotten come back as they were', () =>
  withParts({ keptConversations: 20 }, async (parts) => {
    for (let round = 1; round <= 6; round++) {
      for (let i = 0; i < 100; i++) {
        const conv = `g:conversation-${i}`;
        assert.deepEqual(parts.append(submission(conv, 'alice', `${round}`)), [
          { seq: round, repeat: false },
        ]);
        if (round > 1) assert.ok(parts.append(submission(conv, 'alice', `${round - 1}`))[0]!.repeat);
        if (i % 40 === 0) await parts.flusher.flush();
        parts.conversations.trim();
      }
    }
    for (let i = 0; i < 100; i++)
      assert.deepEqual(seqs(parts.read(`g:conversation-${i}`)), [1, 2, 3, 4, 5, 6]);
  }));

test('what the tables refuse stays in memory and in the journal, and goes in when they take it', () =>
  withDirectory(async (dir) => {
    const parts = new Parts(dir);
    const all = Array.from({ length: 1000 }, (_, i) => submission(`g:conversation-${i}`, 'alice', '1'));
    parts.append(...all);
    const { length, generation } = parts.journal.current!;
    const path = join(dir, 'journal-1');
    const full = new Indexer(dir, 1);
    assert.throws(() => full.index(path, generation, length), /full/);
    assert.equal(full.generation, 0);
    full.close();
    assert.throws(() => parts.indexer.index(path, generation, length + 1), /damaged/);
    assert.ok(parts.append(...all).every(({ seq, repeat }) => seq === 1 && repeat));
    await parts.flusher.flush();
    assert.equal(parts.indexer.generation, generation);
    assert.ok(parts.append(...all).every(({ seq, repeat }) => seq === 1 && repeat));
    await parts.close();
  }));
