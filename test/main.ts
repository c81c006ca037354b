import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
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

// Without files run() would look for some by itself.
if (files.length > 0) {
  const events = run({ files, concurrency: 2, timeout: fileTimeoutMs });
  events.on('test:pass', ({ name, file }) => {
    // A file without a test counts as one that passed.
    if (name !== file) tests++;
  });
  events.on('test:fail', ({ todo }) => {
    if (todo === undefined || todo === false) failures++;
  });
  events.on('test:diagnostic', ({ message }) => {
    if (message.startsWith(notRunMark)) notRun.add(message);
  });
  for await (const text of events.compose(new spec())) process.stdout.write(text);
}

for (const message of notRun) process.stdout.write(`\n${message}\n`);
if (tests === 0) process.stdout.write('\nNo test ran.\n');
process.exitCode = failures > 0 || tests === 0 ? 1 : 0;
