import type { ColumnDataType, Kysely, RawBuilder } from 'kysely';
import type { DirectoryTables } from './schema.ts';

export type Database = Kysely<DirectoryTables>;

/** Where the databases differ; all else is written once. */
export interface SqlFlavor {
  /** Whether the error says that a unique key exists already. */
  isDuplicate(error: unknown): boolean;
  /** Whether the transaction lost against another and may run again. */
  isDeadlock(error: unknown): boolean;
  /** Whether the server is away or cannot take it now, so that trying again may help. */
  isUnavailable(error: unknown): boolean;
  /** Whether `select … for update` is to be said; SQLite's transactions exclude each other anyway. */
  readonly locksRows: boolean;
  /** How many values one statement may bind. */
  readonly maxParameters: number;
  /** Column types whose comparison is by bytes: handles and ids are never compared without case. */
  readonly types: {
    readonly id: (length: number) => ColumnDataType | RawBuilder<unknown>;
    readonly text: (length: number) => ColumnDataType | RawBuilder<unknown>;
    readonly longText: ColumnDataType | RawBuilder<unknown>;
  };
}
