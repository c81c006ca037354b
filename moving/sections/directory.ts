import { chunked } from '../../store/chunks.ts';
import type { DirectoryTransfer, TableRow } from '../../store/transfer.ts';
import type { Lines, Position, Section } from '../section.ts';

const rowsAtOnce = 200;

/** The columns in the order of their names, which is the same in every database. */
const rowLine = (row: TableRow): string =>
  JSON.stringify(Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))));

/** The rows of a table, as JSON objects by column. */
export const tableSection = (directory: DirectoryTransfer, table: string): Section => ({
  name: `directory.${table}`,
  resumable: true,

  async *read(after?: Position): AsyncGenerator<Lines> {
    const key = directory.tables[table]!;
    for (let from = after as TableRow | undefined; ; ) {
      const rows = await directory.rowsOf(table, from, rowsAtOnce);
      const last = rows.at(-1);
      if (last === undefined) return;
      from = Object.fromEntries(key.map((column) => [column, last[column]!]));
      yield { lines: rows.map(rowLine), position: from };
      if (rows.length < rowsAtOnce) return;
    }
  },

  async load(lines) {
    for (const some of chunked(lines, rowsAtOnce))
      await directory.loadRows(
        table,
        some.map((line) => JSON.parse(line) as TableRow),
      );
  },
});
