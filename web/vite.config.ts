import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { lean } from '../sdk/bundle/lean.ts';
import { compress } from './build/compress.ts';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [lean(), react(), compress()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    license: { fileName: 'LICENSES.txt' },
  },
});
