import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { findMongo } from './servers/mongodb.ts';
import { notRunMark } from './servers/not-available.ts';

/** A file that takes longer hangs; the slowest one kills and restarts servers in a loop. */
const fileTimeoutMs = 240_000;

/** All test files; with words on the command line those whose path holds one of them. */
function testFiles(words: readonly string[]): string[] {
  const built = fileURLToPath(new URL('.', import.meta.url));
  const sources = fileURLToPath(new URL('../../test/', import.meta.url));
  return readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
    .sort()
    .map((path) => join(built, path.replace(/ts$/, 'js')));
}

const files = testFiles(process.argv.slice(2));
const notRun = new Set<string>();
let tests = 0;
let failures = 0;

// The one server that is built on a machine, before the clock of any file runs. Where it cannot be, its tests say so.
if (files.some((path) => path.includes('mongodb'))) await findMongo().catch(() => undefined);

const clusters = join(fileURLToPath(new URL('.', import.meta.url)), 'cluster') + sep;
/** A whole cluster has all cores busy by itself. */
const isCluster = (path: string): boolean => path.startsWith(clusters);

/** What run() says at its end; of several runs it is said once, as their sum. */
const total = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;

async function* results() {
  const totals = new Map<string, number>();
  const parts = [
    { files: files.filter((path) => !isCluster(path)), concurrency: 2 },
    { files: files.filter(isCluster), concurrency: 1 },
  ];
  for (const part of parts) {
    // Without files run() would look for some by itself.
    if (part.files.length === 0) continue;
    for await (const event of run({ ...part, timeout: fileTimeoutMs })) {
      const found = event.type === 'test:diagnostic' ? total.exec(event.data.message) : null;
      if (found === null) yield event;
      else totals.set(found[1]!, (totals.get(found[1]!) ?? 0) + Number(found[2]));
      if (event.type === 'test:diagnostic' && event.data.message.startsWith(notRunMark))
        notRun.add(event.data.message);
      // A file without a test counts as one that passed.
      if (event.type === 'test:pass' && event.data.name !== event.data.file) tests++;
      if (event.type === 'test:fail' && (event.data.todo ?? false) === false) failures++;
    }
  }
  for (const [name, value] of totals)
    yield { type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${value}`, level: 'info' } };
}

for await (const text of Readable.from(results()).compose(new spec())) process.stdout.write(text);

for (const message of notRun) process.stdout.write(`\n${message}\n`);
if (tests === 0) process.stdout.write('\nNo test ran.\n');
process.exitCode = failures > 0 || tests === 0 ? 1 : 0;
