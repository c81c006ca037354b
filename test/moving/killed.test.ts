import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readManifest } from '../../moving/manifest.ts';
import { lockFile } from '../../store/lock.ts';
import { Command } from '../support/command.ts';
import { until } from '../support/until.ts';
import { fillStore } from './filled-store.ts';

describe('petrel export and import', () => {
  let root: string;
  const at = (name: string): string => join(root, name);
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'petrel-killed-'));
    await fillStore(at('source'), { events: 400 });
    await run('export', 'whole', 'source');
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  const start = (task: string, folder: string, dir: string): Command =>
    new Command([task, at(folder)], { PETREL_DATA_DIR: at(dir) });

  async function run(task: string, folder: string, dir: string): Promise<Command> {
    const command = start(task, folder, dir);
    assert.equal(await command.ended, 0, command.errors);
    return command;
  }

  /** How much is noted in a folder. */
  function noted(folder: string): number {
    const names = existsSync(at(folder)) ? readdirSync(at(folder)) : [];
    const notes = names.find((name) => name.endsWith('.notes'));
    return notes === undefined ? 0 : readFileSync(join(at(folder), notes), 'utf8').split('\n').length - 1;
  }

  /** Lets it go on until that much is noted, and ends it; answers whether it had ended by itself. */
  async function killedAt(count: number, folder: string, command: Command): Promise<boolean> {
    let isEnded = false;
    void command.ended.then(() => {
      isEnded = true;
    });
    await until('notes', () => isEnded || noted(folder) >= count, 20_000);
    command.child.kill('SIGKILL');
    return (await command.ended) === 0;
  }

  const sums = async (folder: string): Promise<string[]> =>
    (await readManifest(at(folder))).manifest.sections.map(
      ({ name, records, checksum }) => `${name} ${records} ${checksum}`,
    );

  it('go on after kill -9, however often, and end with the same', async () => {
    for (const count of [1, 9, 24, 26])
      if (await killedAt(count, 'out', start('export', 'out', 'source'))) break;
    if (!existsSync(join(at('out'), 'manifest.json'))) await run('export', 'out', 'source');
    assert.deepEqual(await sums('out'), await sums('whole'));
    let isDone = false;
    for (const count of [1, 9, 24, 28]) {
      isDone = await killedAt(count, 'out', start('import', 'out', 'copy'));
      if (isDone) break;
    }
    if (!isDone) await run('import', 'out', 'copy');
    await run('export', 'again', 'copy');
    assert.deepEqual(await sums('again'), await sums('whole'));
  });

  it('stop on SIGINT with 1, and go on', async () => {
    const command = start('export', 'stopped', 'source');
    await until('notes', () => noted('stopped') >= 1, 20_000);
    command.child.kill('SIGINT');
    assert.equal(await command.ended, 1, command.output);
    assert.match(command.errors, /stopped; the same command goes on from here\.\n$/);
    await run('export', 'stopped', 'source');
    assert.deepEqual(await sums('stopped'), await sums('whole'));
  });

  it('do nothing with a folder that a server has, nor with one that has no store', async () => {
    const release = lockFile(join(at('source'), 'timeline.lock'));
    try {
      const locked = start('export', 'locked', 'source');
      assert.equal(await locked.ended, 1);
      assert.match(locked.errors, /another process uses the data folder/);
    } finally {
      release();
    }
    const missing = start('export', 'missing', 'nothing');
    assert.equal(await missing.ended, 1);
    assert.match(missing.errors, /no store in .*nothing/);
    assert.ok(!existsSync(at('nothing')));
  });

  it('say what was moved, and verify says it again', async () => {
    const first = await run('import', 'whole', 'other');
    assert.match(first.output, /^timeline\.events +\d+ {2}[0-9a-f]{16} {2}as in the store$/m);
    const again = start('import', 'whole', 'other');
    assert.equal(await again.ended, 1);
    assert.match(again.errors, /not empty/);
    const verified = new Command(['verify', at('whole')]);
    assert.equal(await verified.ended, 0);
    assert.match(verified.output, /^timeline\.events +\d+ {2}[0-9a-f]{16}$/m);
  });
});
