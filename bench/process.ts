import { readFileSync } from 'node:fs';

const microsPerTick = 10_000;
const bytesPerPage = 4096;

/** CPU time of a process with all its threads, µs, to 10 ms (Linux). */
export function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name in parentheses may hold spaces; utime and stime are the 12th and 13th fields after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * microsPerTick;
}

/** Resident memory of a process, bytes (Linux). */
export function rssBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * bytesPerPage;
}

/** Memory once it has stayed within 0.5 % for `steadySeconds`, or what it is after `longestSeconds`. */
export async function settledRssBytes(
  pid: number,
  steadySeconds: number,
  longestSeconds: number,
): Promise<number> {
  const looks = [rssBytes(pid)];
  while (looks.length <= longestSeconds) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    looks.push(rssBytes(pid));
    const last = looks.slice(-steadySeconds - 1);
    if (last.length > steadySeconds && Math.max(...last) <= Math.min(...last) * 1.005) break;
  }
  return looks.at(-1)!;
}
