import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { lockFile } from '../../store/lock.ts';
import { Command } from '../support/command.ts';
import { type Moved, moveHere } from '../support/moving.ts';
import { until } from '../support/until.ts';
import { fillStore } from './filled-store.ts';
import { killedAt, noted, sumsIn } from './moved.ts';

describe('petrel export and import', () => {
  let root: string;
  const at = (name: string): string => join(root, name);
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'petrel-killed-'));
    await fillStore(at('source'), { events: 400 });
    await run('export', 'whole', 'source');
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  const here = (task: string, folder: string, dir: string): Promise<Moved> =>
    moveHere([task, at(folder)], { PETREL_DATA_DIR: at(dir) });
  const start = (task: string, folder: string, dir: string): Command =>
    new Command([task, at(folder)], { PETREL_DATA_DIR: at(dir) });

  async function run(task: string, folder: string, dir: string): Promise<Moved> {
    const moved = await here(task, folder, dir);
    assert.equal(moved.code, 0, moved.errors);
    return moved;
  }

  const sums = (folder: string): Promise<string[]> => sumsIn(at(folder));

  it('go on after kill -9, however often, and end with the same', async () => {
    if (!(await killedAt(20, at('out'), start('export', 'out', 'source'))))
      await run('export', 'out', 'source');
    assert.deepEqual(await sums('out'), await sums('whole'));
    let isDone = false;
    for (const count of [9, 28]) isDone ||= await killedAt(count, at('out'), start('import', 'out', 'copy'));
    if (!isDone) {
      const last = start('import', 'out', 'copy');
      assert.equal(await last.ended, 0, last.errors);
    }
    await run('export', 'again', 'copy');
    assert.deepEqual(await sums('again'), await sums('whole'));
  });

  it('stop on SIGINT with 1, and go on', async () => {
    const command = start('export', 'stopped', 'source');
    await until('notes', () => noted(at('stopped')) >= 1, 20_000);
    command.child.kill('SIGINT');
    assert.equal(await command.ended, 1, command.output);
    assert.match(command.errors, /stopped; the same command goes on from here\.\n$/);
    await run('export', 'stopped', 'source');
    assert.deepEqual(await sums('stopped'), await sums('whole'));
  });

  it('do nothing with a folder that a server has, nor with one that has no store', async () => {
    const release = lockFile(join(at('source'), 'timeline.lock'));
    try {
      const locked = await here('export', 'locked', 'source');
      assert.equal(locked.code, 1);
      assert.match(locked.errors, /another process uses the data folder/);
    } finally {
      release();
    }
    const missing = await here('export', 'missing', 'nothing');
    assert.equal(missing.code, 1);
    assert.match(missing.errors, /no store in .*nothing/);
    assert.ok(!existsSync(at('nothing')));
  });

  it('say what was moved, and verify says it again', async () => {
    const first = await run('import', 'whole', 'other');
    assert.match(first.output, /^timeline\.events +\d+ {2}[0-9a-f]{16} {2}as in the store$/m);
    const again = await here('import', 'whole', 'other');
    assert.equal(again.code, 1);
    assert.match(again.errors, /not empty/);
    const verified = await moveHere(['verify', at('whole')]);
    assert.equal(verified.code, 0);
    assert.match(verified.output, /^timeline\.events +\d+ {2}[0-9a-f]{16}$/m);
  });
});
