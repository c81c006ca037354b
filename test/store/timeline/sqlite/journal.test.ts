import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Block, blockOf, recordBytes } from '../../../../store/timeline/sqlite/entry.ts';
import {
  type Disk,
  eachRecord,
  Journal,
  journalFiles,
  realDisk,
} from '../../../../store/timeline/sqlite/journal.ts';

const withDirectory = async (use: (dir: string) => Promise<void>): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-journal-'));
  try {
    await use(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
};

const batch = (text: string): Block => {
  const block = blockOf(Buffer.alloc(recordBytes + text.length));
  block.bytes.write(text, recordBytes, 'latin1');
  return block;
};

/** The texts of the records a start would find in the newest file. */
const recordsOf = async (dir: string): Promise<string[]> => {
  const { path, generation } = journalFiles(dir).at(-1)!;
  const file = blockOf(await readFile(path));
  const texts: string[] = [];
  eachRecord(file, generation, true, (start, end) => texts.push(file.bytes.toString('latin1', start, end)));
  return texts;
};

/** A disk whose next writes or syncs fail. */
const faultyDisk = (): Disk & { writes: 'work' | 'full' | 'short'; syncs: boolean } => {
  const disk: ReturnType<typeof faultyDisk> = {
    writes: 'work',
    syncs: true,
    writev: (fd, buffers, position) => {
      if (disk.writes === 'work') return realDisk.writev(fd, buffers, position);
      // A full disk takes some bytes first, then none.
      realDisk.writev(fd, [buffers[0]!.subarray(0, 20)], position);
      if (disk.writes === 'short') return Math.min(20, buffers[0]!.length);
      throw new Error('ENOSPC');
    },
    datasync: (fd) => {
      if (!disk.syncs) throw new Error('EIO');
      realDisk.datasync(fd);
    },
  };
  return disk;
};

test('what was written is found in order, in a file for its owner only', () =>
  withDirectory(async (dir) => {
    const journal = new Journal(dir, 0);
    journal.rotate();
    journal.write([batch('one'), batch('two')]);
    journal.write([batch('three')]);
    assert.deepEqual(await recordsOf(dir), ['one', 'two', 'three']);
    assert.equal((await stat(journalFiles(dir)[0]!.path)).mode & 0o777, 0o600);
    journal.close();
  }));

test('a file that is used again shows nothing of its earlier use', () =>
  withDirectory(async (dir) => {
    const journal = new Journal(dir, 0);
    journal.rotate();
    journal.write([batch('same length 1'), batch('same length 2'), batch('same length 3')]);
    const done = journal.rotate()!;
    assert.equal(done.generation, 1);
    journal.release(done.path);
    journal.rotate();
    journal.write([batch('same length 4')]);
    assert.equal(journalFiles(dir).length, 2);
    assert.deepEqual(await recordsOf(dir), ['same length 4']);
    journal.close();
  }));

test('a torn or damaged tail ends the journal before it', () =>
  withDirectory(async (dir) => {
    const journal = new Journal(dir, 0);
    journal.rotate();
    journal.write([batch('first'), batch('second')]);
    const { length } = journal.current!;
    journal.close();
    const { path } = journalFiles(dir)[0]!;
    const whole = await readFile(path);
    for (let cut = length - 1; cut > length - 'second'.length - recordBytes; cut--) {
      await truncate(path, cut);
      assert.deepEqual(await recordsOf(dir), ['first'], `cut at ${cut}`);
    }
    for (let at = length - 'second'.length - recordBytes; at < length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1;
      await writeFile(path, damaged);
      assert.deepEqual(await recordsOf(dir), ['first'], `damaged at ${at}`);
    }
    await writeFile(path, whole.subarray(0, 10));
    assert.equal(journalFiles(dir)[0]!.generation, 0);
  }));

test('begins behind the newest generation it finds, in files that were there', () =>
  withDirectory(async (dir) => {
    const first = new Journal(dir, 0);
    first.rotate();
    first.rotate();
    first.write([batch('x')]);
    first.close();
    const second = new Journal(dir, 2);
    second.rotate();
    assert.equal(second.generation, 3);
    assert.equal(journalFiles(dir).length, 2);
    second.close();
  }));

test('a write that fails leaves nothing that a start would find, and the next one follows the last good one', () =>
  withDirectory(async (dir) => {
    const disk = faultyDisk();
    const journal = new Journal(dir, 0, disk);
    journal.rotate();
    journal.write([batch('good')]);
    disk.writes = 'full';
    assert.throws(() => journal.write([batch('a batch that is lost')]), /ENOSPC/);
    assert.throws(() => journal.probe(), /ENOSPC/);
    disk.writes = 'work';
    disk.syncs = false;
    assert.throws(() => journal.write([batch('another one')]), /EIO/);
    assert.throws(() => journal.write([batch('another one')]), /EIO/);
    disk.syncs = true;
    journal.probe();
    assert.deepEqual(await recordsOf(dir), ['good']);
    journal.write([batch('better')]);
    assert.deepEqual(await recordsOf(dir), ['good', 'better']);
    journal.close();
  }));

test('a short write is continued', () =>
  withDirectory(async (dir) => {
    const disk = faultyDisk();
    const journal = new Journal(dir, 0, disk);
    journal.rotate();
    disk.writes = 'short';
    journal.write([
      batch('twenty bytes at a time, the rest of them later'),
      batch('and'),
      batch('so on, and so on'),
    ]);
    assert.deepEqual(await recordsOf(dir), [
      'twenty bytes at a time, the rest of them later',
      'and',
      'so on, and so on',
    ]);
    journal.close();
  }));
