/** What a send needs to know of the pair of users. */
export interface DirectFacts {
  /** Whether `to` exists (and was not removed). */
  readonly exists: boolean;
  /** Whether either has blocked the other. */
  readonly blocked: boolean;
  readonly friends: boolean;
}

export const groupRoles = ['owner', 'admin', 'member'] as const;
export type GroupRole = (typeof groupRoles)[number];

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
