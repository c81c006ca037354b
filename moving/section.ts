import type { Checksum } from './checksum.ts';

/** Where reading a section can go on, in JSON; what is in it only the section knows. */
export type Position = Readonly<Record<string, unknown>>;

export interface Lines {
  /** Each a JSON object on one line. */
  readonly lines: readonly string[];
  /** Behind the last of them. */
  readonly position: Position;
  /** Of the lines, where the section has summed them anyway. */
  readonly checksum?: Checksum;
}

/** What a store keeps besides a section's lines, made of them: it is not in the folder, and is compared all the same. */
export interface Derived {
  readonly name: string;
  from(line: string): readonly string[];
  read(): AsyncIterable<Lines>;
}

/** One kind of what a store has: how it becomes lines, and lines become it. */
export interface Section {
  /** Of its parts in the folder. */
  readonly name: string;
  /**
   * All that the store has of it, as lines that are the same whatever kind of store it is; their order may differ. In lists
   * of bounded size. `after` is given only where the section is `resumable`.
   */
  read(after?: Position): AsyncIterable<Lines>;
  /** Whether reading can go on behind a position; else it begins anew. */
  readonly resumable: boolean;
  /** Writes lines that `read` gave, durably, in their order. Again is the same as once, unless there is `clear`. */
  load(lines: readonly string[]): Promise<void>;
  /** Removes all of it, so that loading can begin anew. */
  clear?(): Promise<void>;
  /** Whether what the line says will still be there at this time (ms); always, where absent. */
  lasts?(line: string, atMs: number): boolean;
  /** What loading leads to besides. */
  readonly derived?: Derived;
}
