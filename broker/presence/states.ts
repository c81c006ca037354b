import type { State } from './state.ts';

/** Who is online, whether anyone watches or not. */
export interface States {
  /** Rejects where it cannot be known now. */
  of(uid: string): Promise<State>;
  /**
   * Until `release` was called as often, `onChange` tells of the user. Answers undefined where that holds at once; rejects
   * where it cannot be had now, and then there is nothing to release.
   */
  hold(uid: string): Promise<void> | undefined;
  release(uid: string): void;
  /** The state of a user changed. */
  onChange(handler: (uid: string) => void): void;
  /** The will of a connection that is gone: what it says is kept until the user is online again; durable when it resolves. */
  will(uid: string, payload: Buffer): Promise<void>;
  close(): Promise<void>;
}
