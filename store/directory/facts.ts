import type { GroupRole } from './groups.ts';

/** What others need to know of one user. */
export interface UserFacts {
  /** Whether there is such a user (and was not removed). */
  readonly exists: boolean;
  /** The user was removed: the uid is taken for ever, and nothing else is left of them. */
  readonly removed: boolean;
  /** The user does not want to be seen online. */
  readonly invisible: boolean;
  /** Whether others are told how far the user has read. */
  readonly readReceipts: boolean;
}

/** What a send needs to know of the pair of users. */
export interface DirectFacts {
  /** Whether `to` exists (and was not removed). */
  readonly exists: boolean;
  /** Whether either has blocked the other. */
  readonly blocked: boolean;
  readonly friends: boolean;
}

/** What a send to a group needs to know of the sender's place in it. */
export interface GroupFacts {
  /** Whether the group exists (and was not dissolved). */
  readonly exists: boolean;
  /** Whether all but owner and admins are muted. */
  readonly muted: boolean;
  /** Absent where the user is not a member. */
  readonly member?: {
    readonly role: GroupRole;
    /** ms; 0 where not muted. */
    readonly mutedUntil: number;
    /** The first seq the member may see; 1 where the group shows its history to all. */
    readonly since: number;
  };
}

/** A group as one of its members has it. */
export interface Membership {
  readonly gid: string;
  /** The first seq the member may see. */
  readonly since: number;
  /** `n` when the user joined: what was said before does not count as unread. */
  readonly sinceN: number;
  /** ms. */
  readonly joinedAt: number;
}

/** What the sends, the hub and policy ask: one short read each. */
export interface DirectoryFacts {
  /** For a uid that nobody has: as for a user who has changed nothing, but `exists` is false. */
  userFacts(uid: string): Promise<UserFacts>;
  directFacts(from: string, to: string): Promise<DirectFacts>;
  groupFacts(gid: string, uid: string): Promise<GroupFacts>;
  /** The groups the user has a part in, in gid order. */
  groupsOf(uid: string): Promise<Membership[]>;
  isBanned(uid: string, now: number): Promise<boolean>;
  /** Whether the uid is taken; one that was removed is. */
  userExists(uid: string): Promise<boolean>;
}
