import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileStorage } from '../../../sdk/storage/file.ts';
import { until } from '../../support/until.ts';

const failed = { name: 'ClientError', code: 'client.storage' };
const module = new URL('../../../sdk/storage/file.js', import.meta.url);

describe('a storage in a file', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'petrel-storage-'));
    path = join(folder, 'deep', 'client.data');
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Opens it, uses it, closes it. */
  async function using<T>(use: (storage: ReturnType<typeof fileStorage>) => Promise<T>): Promise<T> {
    const storage = fileStorage({ path });
    try {
      return await use(storage);
    } finally {
      await storage.close();
    }
  }
  const put = (key: string, value: unknown): Promise<void> =>
    using((storage) => storage.write([{ table: 'outbox', key, value }]));
  const values = (): Promise<unknown[]> => using((storage) => storage.range('outbox'));

  it('is for its owner alone', async () => {
    await put('a', 1);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(`${path}.lock`)).mode & 0o777, 0o600);
  });

  it('drops a last line that was cut off, wherever, and writes on behind what is whole', async () => {
    await put('a', 'whole');
    const whole = await readFile(path);
    await put('b', 'torn 你好');
    const both = await readFile(path);
    for (let end = whole.length; end < both.length; end++) {
      await writeFile(path, both.subarray(0, end));
      assert.deepEqual(await values(), ['whole']);
      assert.deepEqual(await readFile(path), whole);
    }
    await writeFile(path, both.subarray(0, both.length - 3));
    await put('c', 'next');
    assert.deepEqual(await values(), ['whole', 'next']);
  });

  it('begins anew where its first line was cut off', async () => {
    await put('a', 1);
    await writeFile(path, (await readFile(path)).subarray(0, 5));
    await put('b', 2);
    assert.deepEqual(await values(), [2]);
  });

  it('drops a last line of what a power failure may leave', async () => {
    await put('a', 1);
    await appendFile(path, `${'\0'.repeat(100)}\n`);
    assert.deepEqual(await values(), [1]);
  });

  it('refuses a file that is damaged before its end, and leaves it as it is', async () => {
    await put('a', 1);
    await appendFile(path, '[{"table":"outb\n');
    await appendFile(path, '[{"table":"outbox","key":"b","value":2}]\n');
    const before = await readFile(path);
    await assert.rejects(values(), failed);
    assert.deepEqual(await readFile(path), before);
  });

  it('refuses a file that is none of its own, and leaves it as it is', async () => {
    await put('a', 1);
    for (const content of ['a letter', '{"name":"package"}\n', '{"petrel-im":"storage","version":2}\n[]\n']) {
      await writeFile(path, content);
      await assert.rejects(values(), failed);
      assert.equal(await readFile(path, 'utf8'), content);
    }
  });

  it('refuses a second one, and is free when the first is closed', async () => {
    await using(async (storage) => {
      await storage.write([{ table: 'outbox', key: 'a', value: 1 }]);
      await assert.rejects(values(), { ...failed, message: /another process/ });
    });
    assert.deepEqual(await values(), [1]);
  });

  it('is free, with all that was written, when the process that had it was killed', async () => {
    const program = `
      import { fileStorage } from ${JSON.stringify(module.href)};
      const storage = fileStorage({ path: ${JSON.stringify(path)} });
      for (let i = 0; ; i++) {
        await storage.write([{ table: 'outbox', key: [i], value: i }]);
        console.log(i);
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
    });
    await until('some writes', () => said.includes('\n20\n'));
    await assert.rejects(values(), failed);
    child.kill('SIGKILL');
    await once(child, 'close');
    const told = said.split('\n').slice(0, -1).map(Number);
    const kept = await values();
    assert.deepEqual(
      kept,
      Array.from(kept, (_, i) => i),
    );
    assert.ok(kept.length > told.at(-1)!);
  });

  it('does not grow with what is past, and has it all after it was written anew', async () => {
    const text = 'x'.repeat(10_000);
    await using(async (storage) => {
      await storage.write([{ table: 'meta', key: 'kept', value: 'from the beginning' }]);
      for (let i = 0; i < 400; i++)
        await storage.write([{ table: 'outbox', key: ['a', i % 7], value: { i, text } }]);
    });
    assert.ok((await stat(path)).size < 1_500_000);
    await writeFile(`${path}.new`, 'of a writing that was cut off');
    const kept = (await values()) as { i: number }[];
    assert.deepEqual(
      kept.map(({ i }) => i).sort((a, b) => a - b),
      [393, 394, 395, 396, 397, 398, 399],
    );
    assert.equal(await using((storage) => storage.get('meta', 'kept')), 'from the beginning');
  });

  it('leaves nothing on the disk that was cleared', async () => {
    await using(async (storage) => {
      await storage.write([{ table: 'session', key: 'sign-in', value: 'a secret' }]);
      await storage.clear();
    });
    assert.equal((await readFile(path, 'utf8')).includes('secret'), false);
    assert.deepEqual(await values(), []);
  });

  it('says why where there can be no file', async () => {
    await writeFile(join(folder, 'deep'), 'in the way');
    await assert.rejects(values(), failed);
    await rm(join(folder, 'deep'));
  });
});
