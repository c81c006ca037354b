/** A user who was removed, while what they leave is still to be taken away. */
export interface Removal {
  readonly uid: string;
  /** Unguessable: what is written for it has ids made of this. */
  readonly id: string;
  /** Who asked for it: the user, or an operator. */
  readonly by: string;
  /** ms. */
  readonly at: number;
}

/** How far a removal is in one conversation. */
export interface Trace {
  readonly conv: string;
  /** Up to here all is done. */
  readonly seq: number;
  /** Whether the conversation was told. */
  readonly told: boolean;
}

export interface DirectoryRemovals {
  /**
   * Removes the user: nothing but the uid and the times stay, all sign-ins are revoked, and the removal is written down as
   * work to be done. Answers the sids that held until now; undefined where there is no such user, or no longer.
   */
  removeUser(removal: Removal): Promise<string[] | undefined>;
  /** Who was removed at or after `since`. */
  removedUsers(since: number): Promise<string[]>;
  /** Removals that are not finished, oldest first, from behind `after`. */
  removals(after: Pick<Removal, 'uid' | 'at'> | undefined, limit: number): Promise<Removal[]>;
  /** What is known of the conversations of a removed user, in conv order. */
  traces(uid: string): Promise<Trace[]>;
  /** Notes how far the removal is; never back. */
  putTrace(uid: string, trace: Trace): Promise<void>;
  /** Takes away a removed user's devices, settings of conversations and status; friends and blocks have `forgetPerson`. */
  forgetUser(uid: string): Promise<void>;
  /** All is done: the traces are forgotten. */
  finishRemoval(uid: string, at: number): Promise<void>;
}
