import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { onPath } from '../servers/binary.ts';
import { NotAvailable } from '../servers/not-available.ts';
import { Petrel } from '../support/petrel.ts';
import { mint } from '../support/token.ts';

/** No 5xx, nothing outside the OpenAPI document, and what it forbids is refused. */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'ignored_auth',
];

/** They end the token that they are asked with: they have a run of their own, at the end. */
const ending = ['auth.logout', 'me.password', 'me.remove'];

export interface ApiFuzz {
  /** Random cases an operation, beside those made from its examples and bounds. */
  readonly examples: number;
  readonly seed: number;
  /** Goes on with chains of operations. */
  readonly chains: boolean;
}

export interface ApiFuzzReport {
  readonly passed: boolean;
  /** What schemathesis wrote. */
  readonly output: string;
  /** What the server wrote to its log as an error. */
  readonly faults: readonly string[];
}

/** The program: PETREL_SCHEMATHESIS, or on the PATH. Throws NotAvailable. */
export function findSchemathesis(): string {
  const found = process.env.PETREL_SCHEMATHESIS || onPath('schemathesis');
  if (!found)
    throw new NotAvailable(
      'pip install schemathesis (4 or newer), and put it on the PATH or its path into PETREL_SCHEMATHESIS',
    );
  return found;
}

/** Runs schemathesis against a server of its own, as a user with scope admin whom the examples are about. */
export async function fuzzApi(program: string, { examples, seed, chains }: ApiFuzz): Promise<ApiFuzzReport> {
  const petrel = new Petrel({
    PETREL_LIMITS_REQUEST_PER_SECOND: '0',
    PETREL_LIMITS_SEARCH_PER_MINUTE: '0',
    PETREL_LIMITS_FRIEND_REQUEST_PER_HOUR: '0',
    PETREL_LIMITS_GROUP_PER_HOUR: '0',
    PETREL_LOG_LEVEL: 'warn',
  });
  const folder = mkdtempSync(join(tmpdir(), 'petrel-fuzz-'));
  try {
    await petrel.start();
    const file = join(folder, 'openapi.json');
    writeFileSync(file, await seeded(petrel));
    const token = mint({ sub: 'alice', scope: 'admin', did: 'fuzz' });
    const phases = [
      'examples',
      'coverage',
      ...(examples > 0 ? ['fuzzing'] : []),
      ...(chains ? ['stateful'] : []),
    ];
    const common = [
      ...['--seed', String(seed), '--phases', phases.join(',')],
      ...['--max-examples', String(Math.max(1, examples))],
    ];
    const others = ending.flatMap((name) => ['--exclude-operation-id', name]);
    const first = await run(program, [...common, ...others], { file, folder, petrel, token });
    const last = await run(
      program,
      [...common, ...ending.flatMap((name) => ['--include-operation-id', name])],
      { file, folder, petrel, token: mint({ sub: 'leaver' }) },
    );
    const faults = petrel.output.split('\n').filter((line) => /"level":("error"|"fatal"|[56]0)/.test(line));
    return { passed: first.passed && last.passed, output: first.output + last.output, faults };
  } finally {
    await petrel.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(
  program: string,
  options: readonly string[],
  { file, folder, petrel, token }: { file: string; folder: string; petrel: Petrel; token: string },
): Promise<{ passed: boolean; output: string }> {
  const url = petrel.url('http');
  // One worker: with two, caches of hypothesis are read while they are written now and then.
  const args = [
    ...['run', file, '--url', url, '--header', `Authorization: Bearer ${token}`],
    ...['--checks', checks.join(','), '--request-timeout', '20'],
    ...['--continue-on-failure', '--warnings', 'off', '--no-color'],
    ...options,
  ];
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => {
      output += text.toString();
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { passed: code === 0, output };
}

/** People and things that the examples are about; answers the document with the names that the server gave to them. */
async function seeded(petrel: Petrel): Promise<string> {
  const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave', 'mallory'].map((uid) =>
    petrel.known(uid),
  );
  for (const user of [alice!, bob!, carol!, dave!, petrel.known('mallory')]) await user.api.get('/me');
  const asked = await carol!.api.post('/friends/requests', { uid: 'alice' });
  await alice!.api.post('/friends/requests', { uid: 'bob' });
  await bob!.api.post('/friends/requests', { uid: 'alice' });
  const gid = await alice!.createGroup([bob!, carol!], { join: 'approve' });
  await dave!.api.post(`/groups/${gid}/join`, {});
  for (let i = 1; i <= 20; i++)
    for (const conv of ['u:alice:bob', `g:${gid}`])
      await alice!.api.post(`/conversations/${conv}/messages`, {
        id: `m-${i}`,
        type: 'text',
        body: { text: 'x' },
      });
  const document = await (await fetch(`${petrel.url('http')}/openapi.json`)).text();
  const { id } = asked.body as { id?: string };
  return document.replaceAll('g-4f7a2c', gid).replaceAll('5b1f0c6e9a2d4d7f', id ?? '5b1f0c6e9a2d4d7f');
}
