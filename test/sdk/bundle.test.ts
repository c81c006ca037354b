import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { findChromium, startChromium } from '../servers/chromium.ts';
import { withReal } from '../servers/not-available.ts';
import { Petrel } from '../support/petrel.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const bundle = fileURLToPath(new URL('../../client/client.js', import.meta.url));
const maxBytes = 60_000;

describe('the client for browsers', async () => {
  it(`is one module of less than ${maxBytes / 1000} KB gzipped, MQTT.js in it`, (t) => {
    const code = readFileSync(bundle);
    const { length } = gzipSync(code, { level: 9 });
    t.diagnostic(`${(length / 1000).toFixed(1)} KB gzipped, ${(code.length / 1000).toFixed(1)} KB minified`);
    assert.ok(length < maxBytes, `${length} bytes`);
    const loads =
      /\b(?:import|require)(?:\(| *["'`][\w./@:-]+["'`]|[\w{}, *]+\bfrom\b)|\beval\(|new Function\(/;
    assert.deepEqual(code.toString().match(loads), null);
  });

  await withReal('Chromium', findChromium, (chromium) => {
    const petrel = new Petrel();
    let browser: Browser;
    let page: Page;
    const faults: string[] = [];

    before(async () => {
      [browser] = await Promise.all([startChromium(chromium), petrel.start()]);
      page = await browser.newPage();
      page.on('console', (message) => faults.push(message.text()));
      page.on('pageerror', (error) => faults.push(error.message));
      await page.route('**/client.js', (route) =>
        route.fulfill({ path: bundle, contentType: 'text/javascript' }),
      );
      // A text of the server's, under the policy of its page.
      const text = await page.goto(`${petrel.url('http')}/LICENSES.txt`);
      assert.match((await text?.headerValue('content-security-policy')) ?? '', /script-src 'self'/);
    });
    after(async () => {
      await browser.close();
      await petrel.remove();
    });

    it('signs in, sends, is told of it and takes what comes, from a page of the server', async () => {
      const bob = await petrel.user('bob');
      const seen = (await page.evaluate(`(async () => {
        const { createClient } = await import('/client.js');
        const until = (signal, test) => new Promise((resolve) => {
          let stop = () => {};
          const look = () => test(signal.value) && (stop(), resolve(signal.value));
          stop = signal.subscribe(look);
          look();
        });
        const client = await createClient();
        await client.register({ uid: 'alice', password: 'correct horse' });
        await until(client.status, (status) => status === 'online');
        const chat = client.conversation({ uid: ${JSON.stringify(bob.uid)} });
        chat.open();
        await chat.send('hello 🐦');
        const { items } = await until(chat.messages, ({ items }) => items.at(-1)?.state === 'sent');
        await client.close();
        return items.map(({ body, state }) => [body?.text, state]);
      })()`)) as unknown;
      assert.deepEqual(seen, [['hello 🐦', 'sent']]);
      assert.deepEqual(faults, []);
    });
  });
});

describe('petrel-im/client', () => {
  const run = (code: string, ...args: string[]): unknown =>
    JSON.parse(
      execFileSync(process.execPath, [...args, '--input-type=module', '--eval', code], {
        cwd: root,
        encoding: 'utf8',
      }),
    );

  it('is the form for Node where Node asks, and the one module where a bundler for browsers does', () => {
    const code = `console.log(JSON.stringify(import.meta.resolve('petrel-im/client')))`;
    assert.match(String(run(code)), /\/dist\/sdk\/node\.js$/);
    assert.match(String(run(code, '--conditions=browser')), /\/dist\/client\/client\.js$/);
  });

  it('loads in Node', () => {
    const code = `console.log(JSON.stringify(Object.keys(await import('petrel-im/client'))))`;
    const names = run(code) as string[];
    for (const name of ['createClient', 'fileStorage', 'memoryStorage', 'ClientError'])
      assert.ok(names.includes(name), name);
  });
});
