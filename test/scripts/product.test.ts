import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { buildOnce, type Product } from '../../scripts/product.ts';

describe('what the build makes of sources', () => {
  let root: string;
  let product: Product;
  let built: number;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'petrel-product-'));
    mkdirSync(join(root, 'web/src'), { recursive: true });
    write('web/index.html', '<html>');
    write('web/src/a.ts', 'a');
    write('lock.json', '{}');
    product = { root, sources: ['web', 'lock.json', 'not-there'], output: 'dist/web' };
    built = 0;
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (name: string, content: string) => writeFileSync(join(root, name), content);
  const run = () =>
    buildOnce(product, async () => {
      built++;
      rmSync(join(root, 'dist/web'), { recursive: true, force: true });
      mkdirSync(join(root, 'dist/web'), { recursive: true });
    });

  it('is made once, whatever the times of the files', async () => {
    assert.equal(await run(), true);
    utimesSync(join(root, 'web/src/a.ts'), new Date(0), new Date(0));
    assert.equal(await run(), false);
    assert.equal(built, 1);
  });

  it('is made again when a file changes, comes, goes or gets another name', async () => {
    await run();
    const changes = [
      () => write('web/src/a.ts', 'b'),
      () => write('web/src/b.ts', ''),
      () => renameSync(join(root, 'web/src/b.ts'), join(root, 'web/src/c.ts')),
      () => rmSync(join(root, 'web/src/c.ts')),
      () => write('lock.json', '{"version":2}'),
    ];
    for (const change of changes) {
      change();
      assert.equal(await run(), true);
      assert.equal(await run(), false);
    }
  });

  it('is made again when its folder was emptied', async () => {
    await run();
    rmSync(join(root, 'dist'), { recursive: true });
    assert.equal(await run(), true);
  });

  it('is made again after a build that failed', async () => {
    await assert.rejects(
      buildOnce(product, () => Promise.reject(new Error('bad source'))),
      /bad source/,
    );
    assert.equal(await run(), true);
  });
});
