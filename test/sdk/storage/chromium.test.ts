import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { ClientError } from '../../../sdk/errors.ts';
import type { Change, Key, Range, Storage, Table } from '../../../sdk/storage.ts';
import { findChromium, startChromium } from '../../servers/chromium.ts';
import { withReal } from '../../servers/not-available.ts';
import { storageConformance } from './storage.conformance.ts';

const module = fileURLToPath(new URL('../../../sdk/storage/indexeddb.js', import.meta.url));

type Answer = { readonly value: unknown } | { readonly code: string; readonly message: string };

/** A storage in a page, called from here: only what JSON can say passes between the two. */
class PagesStorage implements Storage {
  readonly keepsKeys = false;
  readonly isShared: Promise<boolean>;
  readonly #page: () => Page;
  readonly #handle: number;

  constructor(page: () => Page, handle: number) {
    this.#page = page;
    this.#handle = handle;
    this.isShared = this.#call('isShared');
  }

  get<T>(table: Table, key: Key): Promise<T | undefined> {
    return this.#call('get', table, key);
  }

  range<T>(table: Table, range?: Range): Promise<T[]> {
    return this.#call('range', table, range);
  }

  async write(changes: readonly Change[]): Promise<void> {
    if (/CryptoKey/.test(inspect(changes))) throw new ClientError('client.storage', 'A key cannot pass.');
    return this.#call('write', changes);
  }

  clear(): Promise<void> {
    return this.#call('clear');
  }

  close(): Promise<void> {
    return this.#call('close');
  }

  async #call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    const text = `call(${this.#handle}, ${JSON.stringify(method)}, [${args.map(literal).join(',')}])`;
    const answer = await this.#page().evaluate<Answer>(text);
    if ('code' in answer) throw new ClientError(answer.code, answer.message);
    return answer.value as T;
  }
}

/** In the page: opens and calls storages by number. */
const script = `
  import { indexedDbStorage } from ${JSON.stringify(module)};
  const storages = [];
  globalThis.call = async (handle, method, args) => {
    const storage = (storages[handle] ??= indexedDbStorage({ name: 'test' }));
    try {
      return { value: await (method === 'isShared' ? storage.isShared : storage[method](...args)) };
    } catch ({ code, message }) {
      return { code, message };
    }
  };`;

/** As JavaScript: JSON has no NaN. */
const literal = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    Number.isNaN(member) ? 'the number NaN' : member,
  )?.replaceAll('"the number NaN"', 'NaN') ?? 'undefined';

async function bundled(): Promise<string> {
  const name = '\0page';
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, rolldownOptions: { input: 'page', preserveEntrySignatures: false } },
    plugins: [
      {
        name: 'page',
        resolveId: (id) => (id === 'page' ? name : undefined),
        load: (id) => (id === name ? script : undefined),
      },
    ],
  });
  const [output] = Array.isArray(result) ? result : [result];
  if (output === undefined || !('output' in output)) throw new Error('Nothing was built.');
  return output.output[0].code;
}

await withReal('Chromium', findChromium, (chromium) =>
  describe('in Chromium', () => {
    let browser: Browser;
    let server: Server;
    let page: Page;
    let handles = 0;
    before(async () => {
      const code = await bundled();
      server = createServer((_, response) => {
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.end(`<script type="module">${code}</script>`);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      browser = await startChromium(chromium);
      page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      await page.waitForFunction('globalThis.call');
    });
    after(async () => {
      await browser.close();
      server.close();
    });

    storageConformance(
      'indexedDbStorage',
      async () => ({ open: () => new PagesStorage(() => page, handles++), remove: async () => {} }),
      { isShared: true, lasts: true, runs: 15 },
    );
  }),
);
