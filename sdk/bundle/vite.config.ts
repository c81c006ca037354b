import { defineConfig } from 'vite';
import { lean } from './lean.ts';

/** The client with everything it needs, as one module for browsers. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [lean()],
  build: {
    outDir: '../../dist/client',
    emptyOutDir: true,
    target: 'es2022',
    license: { fileName: 'LICENSES.txt' },
    // A library's whitespace Vite leaves to the bundler of the page; most will serve this as it is.
    rolldownOptions: { output: { minify: true } },
    lib: { entry: '../browser.ts', formats: ['es'], fileName: 'client' },
  },
});
