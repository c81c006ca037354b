import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compress } from './build/compress.ts';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compress()],
  build: { outDir: '../dist/web', emptyOutDir: true, target: 'es2022' },
});
