import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const toBrotli = promisify(brotliCompress);
const toGzip = promisify(gzip);

/** Below this a packet is sent either way. */
const minBytes = 1024;

/** Puts `.br` and `.gz` beside every text that was built: the server sends them as they are. */
export const compress = (): Plugin => ({
  name: 'petrel:compress',
  apply: 'build',
  enforce: 'post',
  async writeBundle({ dir }, bundle) {
    const texts = Object.values(bundle).filter(({ fileName }) =>
      /\.(css|html|js|svg|webmanifest)$/.test(fileName),
    );
    await Promise.all(
      texts.map(async (file) => {
        const text = Buffer.from(file.type === 'chunk' ? file.code : file.source);
        if (text.length < minBytes) return;
        const path = join(dir!, file.fileName);
        const params = {
          [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
          [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
        };
        await Promise.all([
          toBrotli(text, { params }).then((bytes) => writeFile(`${path}.br`, bytes)),
          toGzip(text, { level: 9 }).then((bytes) => writeFile(`${path}.gz`, bytes)),
        ]);
      }),
    );
  },
});
