import type { Compared } from '../moving/verify.ts';
import type { Progress } from '../moving/watch.ts';

const shownDigits = 16;
const grouped = (count: number): string => count.toLocaleString('en-US');

/** How far a move is, in one line. */
export function progressLine({ task, section, records, of }: Progress, elapsedMs: number): string {
  const total = of === undefined ? '' : ` of ${grouped(of)}`;
  return `${task}: ${section}, ${grouped(records)}${total} records, ${Math.round(elapsedMs / 1000)} s`;
}

/** What was moved, section by section: how many records, and the beginning of their checksum. */
export function summary(compared: readonly Compared[]): string[] {
  const filled = compared.filter(({ records, found }) => records > 0 || (found?.records ?? 0) > 0);
  const rows = filled.map(({ name, records, checksum, found }) => [
    name,
    grouped(records),
    checksum.slice(0, shownDigits),
    ...(found === undefined ? [] : ['as in the store']),
  ]);
  const total = compared.reduce((sum, { records }) => sum + records, 0);
  const lines = [['section', 'records', 'checksum'], ...rows, ['total', grouped(total)]];
  const widths = [0, 1].map((column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map(([name, records, ...rest]) =>
    [name!.padEnd(widths[0]!), records!.padStart(widths[1]!), ...rest].join('  ').trimEnd(),
  );
}
