import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Petrel } from '../support/petrel.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const text = readFileSync(`${root}docs/walkthrough.md`, 'utf8');

interface Block {
  readonly heading: string;
  readonly commands: string;
  /** What its output is to have, where the page says so. */
  readonly expected?: unknown;
}

const blocks: readonly Block[] = text.split(/^## /m).flatMap((section) => {
  const heading = section.split('\n', 1)[0]!;
  const found = [...section.matchAll(/```(sh|json)\n(.*?)```/gs)];
  return found.flatMap(([, kind, body], i) => {
    if (kind !== 'sh') return [];
    const next = found[i + 1];
    const expected = next?.[1] === 'json' ? { expected: JSON.parse(next[2]!) as unknown } : {};
    return [{ heading, commands: body!, ...expected }];
  });
});

/** What the blocks without a JSON answer print, in their order, where it says more than that all went well. */
const printed: Readonly<Record<string, readonly RegExp[]>> = {
  Accounts: [/^true\nfalse$/],
  Friends: [/^send\.blocked$/],
  'A direct conversation': [
    /^\{"conv":"u:alice:bob","seq":1,"ts":\d+\}\n?1\n2$/,
    /"seq":1,.*"recalled":true.*\n.*"seq":2,.*"text":"Hello, Alice".*"edited":\d+.*"👍":\["alice"\]/,
  ],
  'A group': [/^alice: owner, bob: admin, carol: member$/],
  'Catch up': [/^4 react, 5 recall$/],
  'An operator': [/^auth\.banned\nadmin\.users\.ban admin\.users\.unban$/],
};

/** Runs the whole page in one shell, which stops at the first command that fails; answers what each block printed. */
async function play(petrel: Petrel): Promise<{ code: number | null; outputs: string[]; errors: string }> {
  const mark = '--- the next block ---';
  const script = blocks.map(({ commands }) => `${commands}\necho; echo '${mark}'\n`).join('');
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PETREL_'));
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...Object.fromEntries(inherited),
      PETREL: petrel.url('http'),
      PETREL_DATA_DIR: petrel.dataDir,
    },
  });
  let output = '';
  let errors = '';
  shell.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  shell.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = (await once(shell, 'close')) as [number | null];
  const outputs = output.split(`${mark}\n`).map((one) => one.trim());
  return { code, outputs: outputs.slice(0, -1), errors };
}

/** The answer has at least what is expected of it. */
function assertHolds(answer: unknown, expected: unknown, where: string): void {
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(answer) && answer.length === expected.length, where);
    for (const [i, one] of expected.entries()) assertHolds(answer[i], one, `${where}[${i}]`);
    return;
  }
  if (typeof expected !== 'object' || expected === null) {
    assert.deepEqual(answer, expected, where);
    return;
  }
  for (const [name, value] of Object.entries(expected))
    assertHolds((answer as Record<string, unknown>)[name], value, `${where}.${name}`);
}

describe('docs/walkthrough.md', () => {
  const petrel = new Petrel();
  before(() => petrel.start());
  after(() => petrel.remove());

  it('runs as it stands, and answers what it says', async () => {
    assert.ok(blocks.length > 15);
    const { code, outputs, errors } = await play(petrel);
    const at = blocks[outputs.length];
    assert.equal(code, 0, `${at?.heading}: ${at?.commands}\n${errors}\n${outputs.at(-1)}`);
    assert.equal(outputs.length, blocks.length);
    const rest = new Map(Object.entries(printed).map(([heading, all]) => [heading, [...all]]));
    for (const [i, { heading, expected }] of blocks.entries()) {
      const output = outputs[i]!;
      if (expected !== undefined) assertHolds(JSON.parse(output.split('\n').at(-1)!), expected, heading);
      else if (output !== '' && rest.get(heading)?.[0]?.test(output)) rest.get(heading)!.shift();
    }
    assert.deepEqual(
      [...rest].filter(([, all]) => all.length > 0).map(([heading, all]) => [heading, String(all[0])]),
      [],
      outputs.join('\n'),
    );
  });
});
