import { Stopped } from './errors.ts';

/** How far a move is. */
export interface Progress {
  /** What is done: `export`, `import` or `verify`. */
  readonly task: string;
  readonly section: string;
  /** Of the section, so far. */
  readonly records: number;
  /** How many there will be, where it is known. */
  readonly of?: number;
}

/** Whoever started a move, as the move sees it. */
export interface Watch {
  tell(progress: Progress): void;
  /** A sentence worth saying. */
  say(text: string): void;
  isStopped(): boolean;
}

/** Throws Stopped where it was asked for. */
export function orStop(watch: Watch): void {
  if (watch.isStopped()) throw new Stopped();
}
