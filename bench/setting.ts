import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';

/** How the runs are made. */
export interface Setting {
  readonly rounds: number;
  /** Length of one measurement, after its warm-up. */
  readonly seconds: number;
  /** Absent where the machine has one core or no `taskset`: nothing is pinned then. */
  readonly serverCore: number | undefined;
  readonly loadCore: number | undefined;
  readonly profileDir: string | undefined;
  /** Tells the person who waits how far it is. */
  readonly log: (line: string) => void;
}

export function findCores(): { serverCore: number | undefined; loadCore: number | undefined } {
  try {
    execFileSync('taskset', ['-V'], { stdio: 'ignore' });
  } catch {
    return { serverCore: undefined, loadCore: undefined };
  }
  return availableParallelism() < 2
    ? { serverCore: undefined, loadCore: undefined }
    : { serverCore: 0, loadCore: 1 };
}

/** When, from what and where a table was made. */
export function describeSetting({ rounds, seconds, serverCore }: Setting): string {
  const pinned = serverCore === undefined ? 'not pinned to cores' : 'one core each';
  return [
    `${new Date().toISOString().slice(0, 10)}, commit ${commit()}, Node ${process.versions.node}`,
    `${firstLine('mosquitto', ['-h'])}, ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${pinned}`,
    `${rounds} rounds of ${seconds} s`,
  ].join('; ');
}

function commit(): string {
  const changed = firstLine('git', ['status', '--porcelain', '--untracked-files=no']) !== '';
  return `${firstLine('git', ['rev-parse', '--short', 'HEAD'])}${changed ? ' with changes' : ''}`;
}

/** The first line a program prints, whatever its exit code; mosquitto's help ends with 3 on some versions. */
function firstLine(file: string, args: readonly string[]): string {
  try {
    return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split(
      '\n',
    )[0]!;
  } catch (fault) {
    const { stdout } = fault as { stdout?: string };
    return stdout?.split('\n')[0] ?? '';
  }
}
