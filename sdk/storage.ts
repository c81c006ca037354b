/** What is kept, by kind. */
export type Table = 'session' | 'outbox' | 'events' | 'conversations' | 'profiles' | 'meta';

/**
 * Keys are ordered: strings before lists; in a list, member by member, numbers before strings; as in IndexedDB. Numbers are
 * finite.
 */
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

/**
 * Where a client keeps things: IndexedDB, a file, or memory. Values are what JSON can say, and where `keepsKeys` also a
 * CryptoKey in `session`; nobody changes a value that was handed over or read.
 *
 * What is called first takes effect first: a read sees all writes that this process called before. All reject with the
 * ClientError `client.storage` where the storage fails or is closed; a write that rejects has changed nothing.
 */
export interface Storage {
  /** Whether values of `session` may hold a CryptoKey. */
  readonly keepsKeys: boolean;
  /** What all who share it call it: tabs find each other by it. */
  readonly name?: string;
  /** Whether other tabs see the same; told when it is opened, and never rejects. */
  readonly isShared: Promise<boolean>;
  /** undefined where there is none. */
  get<T>(table: Table, key: Key): Promise<T | undefined>;
  /** Values in the order of their keys. */
  range<T>(table: Table, range?: Range): Promise<T[]>;
  /**
   * All or nothing, in order; resolves when it is kept: it survives the end of the process, however it ends, and what
   * is put into `outbox` and `session` also that of the machine. (Memory alone keeps nothing beyond the process.)
   */
  write(changes: readonly Change[]): Promise<void>;
  /** Everything, of every table. */
  clear(): Promise<void>;
  /** Resolves when all that was called is done; nothing can be called from then on. Again is harmless. */
  close(): Promise<void>;
}
