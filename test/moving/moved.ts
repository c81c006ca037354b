import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from '../../moving/manifest.ts';
import type { Command } from '../support/command.ts';
import { until } from '../support/until.ts';

/** How much a command that is not done has noted in its folder. */
export function noted(folder: string): number {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const notes = names.find((name) => name.endsWith('.notes'));
  return notes === undefined ? 0 : readFileSync(join(folder, notes), 'utf8').split('\n').length - 1;
}

/** Lets a command go on until that much is noted, and kills it; answers whether it had ended by itself. */
export async function killedAt(count: number, folder: string, command: Command): Promise<boolean> {
  let isEnded = false;
  void command.ended.then(() => {
    isEnded = true;
  });
  await until('notes', () => isEnded || noted(folder) >= count, 30_000);
  command.child.kill('SIGKILL');
  return (await command.ended) === 0;
}

/** What is in the export of a folder, by section. */
export const sumsIn = async (folder: string): Promise<string[]> =>
  (await readManifest(folder)).manifest.sections.map(
    ({ name, records, checksum }) => `${name} ${records} ${checksum}`,
  );
