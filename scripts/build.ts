import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildOnce } from './product.ts';

// What `npm run build` does after the compiler: Vite's part, left out where nothing has changed.

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Settings and versions of packages. */
const shared = ['package.json', 'package-lock.json', 'tsconfig.json'];

/** Folders with a vite.config.ts. */
const products = [
  { config: 'web', sources: ['web', 'sdk', ...shared], output: 'dist/web' },
  { config: 'sdk/bundle', sources: ['sdk', ...shared], output: 'dist/client' },
];

for (const { config, sources, output } of products)
  await buildOnce({ root, sources, output }, async () => {
    const { build } = await import('vite');
    await build({ root: join(root, config), logLevel: 'warn' });
  });
