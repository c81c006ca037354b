import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { lean } from '../sdk/bundle/lean.ts';
import { compress } from './build/compress.ts';
import { precache } from './build/precache.ts';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [lean(), react(), precache(), compress()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    license: { fileName: 'LICENSES.txt' },
    rolldownOptions: {
      input: [`${import.meta.dirname}/index.html`, `${import.meta.dirname}/src/offline/worker.ts`],
      // The worker has one address for ever.
      output: { entryFileNames: ({ name }) => (name === 'worker' ? '[name].js' : 'assets/[name]-[hash].js') },
    },
  },
});
