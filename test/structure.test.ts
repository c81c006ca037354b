import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { createOperations } from '../api/operations/table.ts';
import type { Services } from '../api/services.ts';
import { createMetrics } from '../ops/metrics.ts';
import { createConfig } from '../schemas/config.ts';
import { pages } from '../scripts/pages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** What a room's files may import, by the beginning of the path; every room may import itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  ops: ['schemas/'],
  store: ['schemas/'],
  moving: ['schemas/', 'store/'],
  policy: ['schemas/', 'store/'],
  worker: ['schemas/', 'store/', 'policy/', 'ops/'],
  broker: ['schemas/', 'store/', 'policy/', 'ops/'],
  api: ['schemas/', 'store/', 'policy/', 'ops/'],
  cli: ['schemas/', 'store/', 'ops/', 'api/auth/', 'sdk/'],
  sdk: [],
  web: ['sdk/'],
};

/** Rooms whose types alone a room may import besides: what compose.ts hands to it. */
const mayImportTypes: Readonly<Record<string, readonly string[]>> = {
  broker: ['worker/', 'api/operation.ts'],
  api: ['worker/'],
  cli: ['moving/'],
};
const rooms = Object.keys(mayImport);

/** Files that may read the environment. */
const environmentFiles: readonly string[] = ['main.ts'];

const maxLines = 400;

interface Source {
  readonly path: string;
  readonly text: string;
  /** The project's files it imports, from the root. */
  readonly imports: readonly { readonly path: string; readonly isType: boolean }[];
}

function filesBelow(folder: string, ...endings: string[]): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .map((path) => posix.join(folder, path));
}

function source(path: string): Source {
  const text = read(path);
  const statements = [
    ...text.matchAll(/\b(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'(\.[^']*)'/g),
    ...text.matchAll(/\bimport\(()'(\.[^']*)'\)/g),
  ];
  const imports = statements.map(([, type, name]) => ({
    path: posix.join(posix.dirname(path), name!),
    isType: Boolean(type),
  }));
  return { path, text, imports };
}

const sources = rooms.flatMap((room) => filesBelow(room, '.ts', '.tsx')).map(source);
const top = ['main.ts', 'compose.ts', ...filesBelow('compose', '.ts')].map(source);
const documents = ['README.md', 'CHANGELOG.md', ...filesBelow('docs', '.md')];

describe('the rooms of the source', () => {
  it('import in one direction', () => {
    const wrong = sources.flatMap(({ path, imports }) => {
      const room = path.split('/', 1)[0]!;
      const always = [`${room}/`, ...mayImport[room]!];
      const types = mayImportTypes[room] ?? [];
      return imports
        .filter((imported) => {
          const allowed = imported.isType ? [...always, ...types] : always;
          return !allowed.some((start) => imported.path.startsWith(start));
        })
        .map((imported) => `${path} → ${imported.path}`);
    });
    assert.deepEqual(wrong, []);
  });

  it('leave the environment to main.ts', () => {
    const readers = [...sources, ...top].filter(({ text }) => /\bprocess\s*\.\s*env\b/.test(text));
    assert.deepEqual(
      readers.map(({ path }) => path).filter((path) => !environmentFiles.includes(path)),
      [],
    );
  });

  it('hold no file that is too long to read', () => {
    const written = [...sources, ...top].filter(({ path }) => !pages.has(path));
    const long = written.filter(({ text }) => text.split('\n').length > maxLines);
    assert.deepEqual(
      long.map(({ path }) => path),
      [],
    );
  });

  it('silence neither the compiler nor the linter', () => {
    const mark = new RegExp(['@ts-', '(ignore|nocheck|expect-error)|biome-', 'ignore'].join(''));
    const tests = filesBelow('test', '.ts').map(source);
    const silenced = [...sources, ...top, ...tests].filter(({ text }) => mark.test(text));
    assert.deepEqual(
      silenced.map(({ path }) => path),
      [],
    );
  });
});

describe('the documents', () => {
  for (const [name, page] of pages) {
    it(`${name} says what the code says (npm run docs)`, () => {
      assert.equal(read(name), page());
    });
  }

  it('link only to what is there', () => {
    const broken = documents.flatMap((path) =>
      linksOf(read(path))
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => !resolves(path, link))
        .map((link) => `${path}: ${link}`),
    );
    assert.deepEqual(broken, []);
  });

  it('name every metric of the server', async () => {
    const text = read('docs/operations.md');
    const metrics = await createMetrics().registry.getMetricsAsJSON();
    const own = metrics.map(({ name }) => name).filter((name) => name.startsWith('petrel_'));
    assert.deepEqual(
      own.filter((name) => !text.includes(`\`${name}\``)),
      [],
    );
  });

  it('name every operation with its door', () => {
    const text = read('docs/protocol.md');
    const operations = createOperations({} as unknown as Services);
    assert.deepEqual(
      operations
        .map(({ name, method, path }) => `| \`${name}\` | ${method} /v1${path} |`)
        .filter((row) => !text.includes(row)),
      [],
    );
  });

  it('show configurations that are right', () => {
    const examples = documents.flatMap((path) =>
      [...read(path).matchAll(/```yaml\n# petrel\.yaml\n(.*?)```/gs)].map((match) => match[1]!),
    );
    assert.ok(examples.length > 0);
    for (const example of examples) createConfig(parse(example) as Record<string, unknown>);
  });

  it('are all linked from the README', () => {
    const linked = new Set(linksOf(read('README.md')).map((link) => link.split('#', 1)[0]));
    assert.deepEqual(
      filesBelow('docs', '.md').filter((path) => !linked.has(path)),
      [],
    );
  });
});

const linksOf = (text: string): string[] =>
  [...text.replace(/```.*?```/gs, '').matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);

function resolves(from: string, link: string): boolean {
  const [path = '', anchor] = link.split('#', 2);
  const target = path === '' ? join(root, from) : resolve(root, dirname(from), path);
  if (relative(root, target).startsWith('..') || !existsSync(target)) return false;
  return (
    anchor === undefined || (statSync(target).isFile() && anchorsOf(readFileSync(target, 'utf8')).has(anchor))
  );
}

/** The anchors a forge makes of headings. */
const anchorsOf = (text: string): Set<string> =>
  new Set(
    [...text.replace(/```.*?```/gs, '').matchAll(/^#+ (.+)$/gm)].map((match) =>
      match[1]!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  );
