import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PetrelError } from '../../../schemas/errors.ts';
import { openSqliteDirectory } from '../../../store/directory/sql/sqlite.ts';
import { everyConformance } from './every.ts';

const inFolder = async (work: (dir: string) => Promise<void>): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-directory-'));
  try {
    await work(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
};

const open = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-directory-'));
  let directory = await openSqliteDirectory({ dir });
  return {
    directory,
    async reopen() {
      await directory.close();
      directory = await openSqliteDirectory({ dir });
      return directory;
    },
    async end() {
      await directory.close();
      await rm(dir, { recursive: true });
    },
  };
};

everyConformance('SQLite', open);

describe('the embedded directory', () => {
  it('is readable by its owner alone', () =>
    inFolder(async (dir) => {
      const directory = await openSqliteDirectory({ dir: join(dir, 'data') });
      await directory.createUser({ uid: 'alice', createdAt: 1, origin: 'token' });
      const files = await readdir(join(dir, 'data'));
      assert.ok(files.includes('directory.db'));
      for (const file of files) assert.equal((await stat(join(dir, 'data', file))).mode & 0o777, 0o600, file);
      await directory.close();
    }));

  it('says that it is not available after it was closed', () =>
    inFolder(async (dir) => {
      const directory = await openSqliteDirectory({ dir });
      await directory.close();
      const unavailable = (error: unknown) =>
        error instanceof PetrelError && error.code === 'store.unavailable';
      await assert.rejects(directory.check(), unavailable);
      await assert.rejects(directory.groupFacts('g', 'u'), unavailable);
    }));

  it('is shared by two processes that open it at the same time', () =>
    inFolder(async (dir) => {
      const both = await Promise.all([openSqliteDirectory({ dir }), openSqliteDirectory({ dir })]);
      const [one, two] = both as [(typeof both)[0], (typeof both)[0]];
      await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          (i % 2 === 0 ? one : two).createUser({ uid: `u${i}`, createdAt: 1, origin: 'token' }),
        ),
      );
      assert.equal((await two.existing(['u0', 'u1', 'u48', 'u49'])).size, 4);
      await Promise.all(both.map((directory) => directory.close()));
    }));
});
