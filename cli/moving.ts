import type { Compared } from '../moving/verify.ts';
import type { Watch } from '../moving/watch.ts';
import { createLog } from '../ops/log.ts';
import { loadConfig, needsFolder } from '../schemas/config.ts';
import { parsed, UsageError } from './arguments.ts';
import { prepareDataDir } from './data-dir.ts';
import { progressLine, summary } from './moving-report.ts';
import { startFailure } from './start-failure.ts';
import { exit, type Surroundings } from './surroundings.ts';

/** How often it is told how far a move is. */
const tellMs = 3000;

/** `petrel export <folder>`: writes the configured store into a folder. */
export const exportStore = (args: readonly string[], around: Surroundings): Promise<number> =>
  move('export', args, around);

/** `petrel import <folder>`: writes a folder into the configured store, which is empty. */
export const importStore = (args: readonly string[], around: Surroundings): Promise<number> =>
  move('import', args, around);

/** `petrel verify <folder>`: compares the files of an export with its manifest. */
export function verify(args: readonly string[], around: Surroundings): Promise<number> {
  const { words } = parsed(args, {}, 1);
  const folder = folderOf(words);
  return watched(around, async (watch) => (await around.loadMoving()).verify({ folder, watch }));
}

function move(task: 'export' | 'import', args: readonly string[], around: Surroundings): Promise<number> {
  const { values, words } = parsed(args, { config: { type: 'string' } }, 1);
  const folder = folderOf(words);
  const { config, warnings } = loadConfig({ file: values.config, env: around.env });
  for (const warning of warnings) around.error(`petrel: warning: ${warning}`);
  const destination = { write: (line: string) => around.error(line.trimEnd()) };
  const log = createLog({ level: 'warn', destination });
  return watched(around, async (watch) => {
    try {
      if (task === 'import' && needsFolder(config.store)) prepareDataDir(config.dataDir);
      return await (await around.loadMoving())[task]({ config, folder, log, watch });
    } catch (error) {
      if ((error as Error).name !== 'StoreLocked') throw error;
      throw new Error(startFailure(error, config), { cause: error });
    }
  });
}

function folderOf([folder]: readonly string[]): string {
  if (folder === undefined) throw new UsageError('Which folder? Name one.');
  return folder;
}

/** Runs it with somebody to tell, who can also stop it, and says how it ended. */
async function watched(
  around: Surroundings,
  work: (watch: Watch) => Promise<readonly Compared[]>,
): Promise<number> {
  let isStopped = false;
  const begunAt = Date.now();
  let toldAt = begunAt;
  const endSignals = around.onStopSignal(() => {
    // Whoever asks twice does not want to wait for the end of a part.
    if (isStopped) around.quit(exit.failed);
    isStopped = true;
  });
  try {
    const compared = await work({
      isStopped: () => isStopped,
      say: (text) => around.error(`petrel: ${text}`),
      tell(progress) {
        if (Date.now() - toldAt < tellMs) return;
        toldAt = Date.now();
        around.error(`petrel: ${progressLine(progress, toldAt - begunAt)}`);
      },
    });
    for (const line of summary(compared)) around.out(line);
    return exit.ok;
  } catch (error) {
    around.error(`petrel: ${failure(error)}`);
    return exit.failed;
  } finally {
    endSignals();
  }
}

const rootOf = (error: Error): Error => (error.cause instanceof Error ? rootOf(error.cause) : error);

function failure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'Stopped') return 'stopped; the same command goes on from here.';
  // Those are written for whoever reads them.
  if (error.name === 'MovingError' || error.name === 'Error') return error.message;
  const [reason] = rootOf(error).message.split('\n', 1);
  return `failed: ${reason}. The same command goes on from here.`;
}
