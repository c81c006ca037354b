import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const workerName = 'worker.js';
const placeholder = '__PRECACHE__';
const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

/** Tells the service worker (web/src/offline/worker.ts) which files make up the page. */
export const precache = (): Plugin => ({
  name: 'petrel:precache',
  apply: 'build',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      const index = bundle['index.html'];
      const worker = bundle[workerName];
      if (index?.type !== 'asset' || worker?.type !== 'chunk' || !worker.code.includes(placeholder))
        throw new Error('the page or its service worker is not there');
      const assets = Object.keys(bundle)
        .filter((name) => name.startsWith('assets/'))
        .map((name) => `/${name}`)
        .toSorted();
      const page = sha256(index.source);
      // The release too: with it may come other headers, which are kept with the files.
      const version = sha256([release(), page, ...assets].join('\n')).slice(0, 16);
      const list = { version, page, assets };
      worker.code = worker.code.replaceAll(placeholder, JSON.stringify(list));
    },
  },
});

const release = (): string => readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
