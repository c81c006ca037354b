import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { StoreLocked } from '../../../../store/lock.ts';
import { encodeSubmissions } from '../../../../store/timeline/sqlite/entry.ts';
import { defaultLimits } from '../../../../store/timeline/sqlite/messages.ts';
import { StoreThread } from '../../../../store/timeline/sqlite/store-thread.ts';
import { openSqliteTimeline } from '../../../../store/timeline/sqlite/timeline.ts';
import { submission } from '../../timeline.conformance.ts';
import { withDirectory } from './parts.ts';

test('refuses a folder that is in use, in this process and in another, and takes it once it is free', () =>
  withDirectory(async (dir) => {
    const timeline = await openSqliteTimeline({ dir });
    await assert.rejects(openSqliteTimeline({ dir }), StoreLocked);
    const module = new URL('../../../../store/timeline/sqlite/timeline.js', import.meta.url).href;
    const other = `const { openSqliteTimeline } = await import('${module}');
      await openSqliteTimeline({ dir: process.argv[1] }).catch((error) => console.log(error.name));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', other, dir]);
    assert.equal(stdout.toString().trim(), 'StoreLocked');
    await timeline.close();
    await (await openSqliteTimeline({ dir })).close();
  }));

test('its files are for their owner only', () =>
  withDirectory(async (dir) => {
    const timeline = await openSqliteTimeline({ dir });
    await timeline.append([submission('g:a', 'alice', '1')]);
    await timeline.flush();
    const files = await readdir(dir);
    assert.ok(files.length >= 5);
    for (const file of files) assert.equal((await stat(join(dir, file))).mode & 0o777, 0o600, file);
    await timeline.close();
  }));

test('moves events into the tables by number, by size and by age, and goes on taking more meanwhile', () =>
  withDirectory(async (dir) => {
    const limits = { flushEvents: 50, flushMs: 5, maxBytes: 20_000 };
    const timeline = await openSqliteTimeline({ dir, limits });
    const calls = Array.from({ length: 200 }, (_, i) =>
      timeline.append(Array.from({ length: 20 }, (_, j) => submission('g:a', 'alice', `${i}-${j}`))),
    );
    const answers = (await Promise.all(calls)).flat();
    assert.deepEqual(
      answers.map(({ seq }) => seq),
      answers.map((_, i) => i + 1),
    );
    assert.equal((await timeline.range({ conv: 'g:a', after: 3990, limit: 1000 })).length, 10);
    await timeline.close();
  }));

test('when its thread dies, what was asked is rejected with store.unavailable, and it starts again by itself', () =>
  withDirectory(async (dir) => {
    const logged: string[] = [];
    const thread = new StoreThread({ dir, limits: defaultLimits }, (_, message) => logged.push(message));
    await thread.start();
    const append = (id: string): Promise<Float64Array> => {
      const input = encodeSubmissions([submission('g:a', 'alice', id)]);
      return thread.call('append', input, [input.buffer]);
    };
    await append('1');
    for (let round = 0; round < 3; round++) {
      const pending = Promise.allSettled([append(`lost-${round}`), thread.call('check', null)]);
      await thread.terminate();
      for (const outcome of await pending)
        if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'store.unavailable');
      for (;;) {
        const open = await thread.call('check', null).then(
          () => true,
          (error: { code: string }) => {
            assert.equal(error.code, 'store.unavailable');
            return false;
          },
        );
        if (open) break;
        await new Promise((resolve) => setImmediate(resolve));
      }
      const [seq, , , repeat] = await append(`lost-${round}`);
      assert.equal(seq, round + 2, `a resend has its place, whether it is a repeat (${repeat}) or not`);
    }
    await thread.close();
  }));
