// Serves page.html on http://localhost:3000: `node sdk/examples/serve.js`. It is a page of another origin than the server's,
// which has to allow it: PETREL_HTTP_CORS_ORIGINS='["http://localhost:3000"]' npm start
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const here = new URL('.', import.meta.url);
const files = new Map([
  ['/', [new URL('page.html', here), 'text/html']],
  ['/page.js', [new URL('page.js', here), 'text/javascript']],
  // What bundlers take by themselves where a page imports petrel-im/client.
  ['/client.js', [new URL('../../dist/client/client.js', here), 'text/javascript']],
]);

createServer(async ({ url }, answer) => {
  const [file, type] = files.get(url.split('?', 1)[0]) ?? [];
  if (file === undefined) return void answer.writeHead(404).end();
  answer
    .writeHead(200, { 'content-type': `${type}; charset=utf-8` })
    .end(await readFile(fileURLToPath(file)));
}).listen(3000, 'localhost', () => console.log('http://localhost:3000'));
