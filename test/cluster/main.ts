import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

/**
 * The long form of the chaos suite: every scenario PETREL_CHAOS_ROUNDS times, one cluster after the other. Words on the command
 * line choose files.
 */
process.env.PETREL_CHAOS_ROUNDS ??= '3';
const words = process.argv.slice(2);
const folder = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.test.js'))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .map((name) => join(folder, name));

const events = run({ files, concurrency: 1 });
let failures = 0;
events.on('test:fail', () => failures++);
for await (const text of events.compose(new spec())) process.stdout.write(text);
process.exitCode = failures > 0 || files.length === 0 ? 1 : 0;
