import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { startApi, type TestApi } from '../api/server.ts';
import { findChromium, startChromium } from '../servers/chromium.ts';
import { withReal } from '../servers/not-available.ts';

const built = fileURLToPath(new URL('../../web/', import.meta.url));

await withReal('Chromium', findChromium, (chromium) =>
  describe('a page that is open while the server gets another version', () => {
    const folder = mkdtempSync(join(tmpdir(), 'petrel-update-'));
    let browser: Browser;
    let api: TestApi;
    let port = 0;

    const start = async () => {
      api = await startApi({}, { pageFolder: folder });
      await api.http.listen({ port, host: '127.0.0.1' });
      ({ port } = api.http.server.address() as AddressInfo);
    };
    const rewrite = (name: string, change: (text: string) => string) => {
      for (const ending of ['.br', '.gz']) rmSync(join(folder, name + ending), { force: true });
      writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8')));
    };

    before(async () => {
      cpSync(built, folder, { recursive: true });
      browser = await startChromium(chromium);
      await start();
    });
    after(async () => {
      await browser.close();
      await api.stop();
      rmSync(folder, { recursive: true });
    });

    it('opens without the server, stays what it is, and goes over when its user wants it', async () => {
      const context = await browser.newContext({ locale: 'en-GB' });
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
      await api.stop();
      await page.reload();
      await page.getByRole('textbox', { name: 'User name' }).waitFor();

      rewrite('index.html', (text) => text.replace('<html', '<html data-version="2"'));
      const hash = createHash('sha256')
        .update(readFileSync(join(folder, 'index.html')))
        .digest('hex');
      rewrite('worker.js', (text) =>
        text.replace(/(version:|"version":)"\w+"/, '$1"two"').replace(/(page:|"page":)"\w+"/, `$1"${hash}"`),
      );
      await start();
      await page.reload();
      await page.getByText('A new version is here.').waitFor();
      assert.equal(await page.locator('html[data-version]').count(), 0);
      await page.getByRole('button', { name: 'Reload', exact: true }).click();
      await page.locator('html[data-version="2"]').waitFor({ state: 'attached' });
      await page.getByRole('textbox', { name: 'User name' }).waitFor();
      assert.equal(await page.getByText('A new version is here.').count(), 0);
      const kept = (await page.evaluate(`(async () => {
        const all = await Promise.all((await caches.keys()).map(async (key) => (await caches.open(key)).keys()));
        return all.flat().map(({ url }) => new URL(url).pathname);
      })()`)) as string[];
      assert.ok(kept.length > 2);
      for (const path of kept) assert.match(path, /^\/(assets\/.+)?$/);
    });
  }),
);
