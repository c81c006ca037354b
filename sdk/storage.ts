/** What is kept, by kind. */
export type Table = 'session' | 'outbox' | 'events' | 'conversations' | 'profiles' | 'meta';

/** Keys are ordered: numbers before strings, lists member by member, as in IndexedDB. */
export type Key = string | readonly (string | number)[];

export type Change =
  | { readonly table: Table; readonly key: Key; readonly value: unknown }
  | { readonly table: Table; readonly key: Key; readonly delete: true }
  /** From `from` to `to`, both included. */
  | { readonly table: Table; readonly from: Key; readonly to: Key; readonly delete: true };

export interface Range {
  /** Both included; open where absent. */
  readonly from?: Key;
  readonly to?: Key;
  /** Descending. */
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** Where a client keeps things: IndexedDB, a file, or memory. Values are what JSON can say, or a CryptoKey in `session`. */
export interface Storage {
  get<T>(table: Table, key: Key): Promise<T | undefined>;
  /** Values in the order of their keys. */
  range<T>(table: Table, range?: Range): Promise<T[]>;
  /** All or nothing, in order; resolves when it is durable. */
  write(changes: readonly Change[]): Promise<void>;
  /** Everything, of every table. */
  clear(): Promise<void>;
  close(): Promise<void>;
}
