import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onPath } from '../servers/binary.ts';
import { NotAvailable } from '../servers/not-available.ts';

const execute = promisify(execFile);

export const root = fileURLToPath(new URL('../../../', import.meta.url));
export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The path of a program of PyPI: what the variable names, or on the PATH. Throws NotAvailable. */
export function findPythonProgram(name: string, variable: string, distribution: string): string {
  const found = process.env[variable] || onPath(name);
  if (!found)
    throw new NotAvailable(
      `pip install ${distribution}, and put it on the PATH or its path into ${variable}`,
    );
  return found;
}

/** The schema of compose files, as the program that reads them has it. Rejects with NotAvailable. */
export async function composeSchema(): Promise<Record<string, unknown>> {
  const module = 'github.com/compose-spec/compose-go/v2@v2.16.2';
  const go = onPath('go');
  if (go === undefined) throw new NotAvailable('install Go, whose modules have the schema of compose files');
  try {
    const { stdout } = await execute(go, ['mod', 'download', '-json', module], { timeout: 120_000 });
    const { Dir: folder } = JSON.parse(stdout) as { Dir: string };
    return JSON.parse(readFileSync(join(folder, 'schema', 'compose-spec.json'), 'utf8'));
  } catch (error) {
    throw new NotAvailable('the Go module of the schema cannot be had', { cause: error });
  }
}

/** What a program says, with its exit code. */
export async function output(
  program: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly text: string }> {
  try {
    const { stdout, stderr } = await execute(program, args, { timeout: 60_000, maxBuffer: 16 * 1024 * 1024 });
    return { code: 0, text: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, text: stdout + stderr };
  }
}
