import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { notTested, statements } from '../test/broker/conformance/statements.ts';
import { table } from './markdown.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const begin = '<!-- table: written by npm run docs -->';
const end = '<!-- end of the table -->';

const empty = `# Conformance

${begin}
${end}
`;

/** docs/conformance.md: the table from the citations in sources and tests, between its markers; the rest is written by hand. */
export function conformancePage(): string {
  const path = join(root, 'docs/conformance.md');
  const page = existsSync(path) ? readFileSync(path, 'utf8') : empty;
  const [before, rest] = page.split(begin, 2);
  const after = rest?.split(end, 2)[1];
  if (before === undefined || after === undefined)
    throw new Error('docs/conformance.md has lost its markers.');
  return `${before}${begin}\n\n${statementTable()}\n\n${end}${after}`;
}

/** Ids that a text cites; those of MQTT 3.1.1 are other statements. */
export const citations = (text: string): Set<string> =>
  new Set([...text.matchAll(/\[(MQTT-[\d.]+-\d+)\](?! of (MQTT )?3\.1\.1)/g)].map((match) => match[1]!));

/** Files below a folder that cite each id. */
function citing(folder: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort();
  for (const file of files) {
    if (!file.endsWith('.ts') || file.endsWith('statements.ts')) continue;
    const path = posix.join(folder, file);
    for (const id of citations(readFileSync(join(root, path), 'utf8')))
      found.set(id, [...(found.get(id) ?? []), path]);
  }
  return found;
}

/** Files of the source by the ids they cite. */
export const citingSources = (): Map<string, string[]> =>
  ['broker', 'schemas', 'store', 'policy'].map(citing).reduce((all, some) => {
    for (const [id, paths] of some) all.set(id, [...(all.get(id) ?? []), ...paths]);
    return all;
  });

/** Files of the tests by the ids they cite. */
export const citingTests = (): Map<string, string[]> => citing('test');

function statementTable(): string {
  const [sources, tests] = [citingSources(), citingTests()];
  const links = (paths: readonly string[] = []) =>
    paths.map((path) => `[${path.replace(/^test\/|(\.test)?\.ts$/g, '')}](../${path})`).join(', ');
  const rows = [...statements].map(([id, asks]) => [
    id.replace('MQTT-', ''),
    asks,
    links(sources.get(id)),
    notTested.has(id) ? `none: ${notTested.get(id)}` : links(tests.get(id)),
  ]);
  const tested = [...statements.keys()].filter((id) => tests.has(id)).length;
  return [
    `${statements.size} statements of MQTT 5 bind a server; tests cite ${tested} of them, and each of the other ${statements.size - tested} has its reason in the last column.`,
    table(['statement', 'what it asks', 'cited in the source', 'tests'], rows),
  ].join('\n\n');
}
