export const groupRoles = ['owner', 'admin', 'member'] as const;
export type GroupRole = (typeof groupRoles)[number];

export const joinPolicies = ['open', 'approve', 'invite'] as const;
export type JoinPolicy = (typeof joinPolicies)[number];
export const historyPolicies = ['joined', 'all'] as const;
export type HistoryPolicy = (typeof historyPolicies)[number];

export interface Group {
  readonly gid: string;
  readonly name: string;
  readonly owner: string;
  readonly avatar?: string;
  readonly announcement?: string;
  readonly join: JoinPolicy;
  readonly muted: boolean;
  readonly history: HistoryPolicy;
  readonly memberCount: number;
  readonly createdAt: number;
}

export interface Member {
  readonly gid: string;
  readonly uid: string;
  readonly role: GroupRole;
  readonly nick?: string;
  /** ms; 0 where not muted. */
  readonly mutedUntil: number;
  readonly joinedAt: number;
  /** 0 until the event of the joining has its seq; until then the member has no part in the conversation. */
  readonly since: number;
}

/** An event that a change of a group owes to its timeline; written in the transaction of the change. */
export interface OutboxEvent {
  readonly gid: string;
  /** Counts the group's changes from 1: the order of the events. */
  readonly change: number;
  /** The event's id, unguessable, so that no client can take it first. */
  readonly id: string;
  readonly from: string;
  /** The event's JSON, as it is stored. */
  readonly raw: string;
}

/** The inside of a group's transaction. */
export interface GroupChange {
  /** Undefined where there is no such group, or no longer. */
  readonly group: Group | undefined;
  member(uid: string): Promise<Member | undefined>;
  /** Adds those who are not members yet and answers them, in the given order. */
  add(uids: readonly string[], role: GroupRole, at: number): Promise<string[]>;
  /** Answers whether the user was a member. */
  remove(uid: string): Promise<boolean>;
  /** Ends the group; its members stay listed until `finishDissolve`, so that the last event can be told to them. */
  dissolve(at: number): Promise<void>;
  /** Owes the group's timeline an event. Who was added before this call waits for its seq. */
  owe(event: Omit<OutboxEvent, 'gid' | 'change'>): Promise<void>;
}

export interface DirectoryGroups {
  /** Makes the group with its owner and further members (all exist); `event` is its event 1. */
  createGroup(
    group: Omit<Group, 'memberCount'>,
    members: readonly string[],
    event: Omit<OutboxEvent, 'gid' | 'change'>,
  ): Promise<void>;
  getGroup(gid: string): Promise<Group | undefined>;
  /** The user's groups in gid order, from after `afterGid`. */
  listGroups(uid: string, afterGid: string, limit: number): Promise<{ group: Group; role: GroupRole }[]>;
  getMember(gid: string, uid: string): Promise<Member | undefined>;
  /** Members in uid order, from after `afterUid`; who waits for the seq of the joining is among them. */
  listMembers(gid: string, afterUid: string, limit: number): Promise<Member[]>;
  /**
   * Runs `change` in one transaction that no other change of the group overlaps. It may run again after a deadlock, so
   * it touches nothing but what it is given.
   */
  changeGroup<T>(gid: string, change: (group: GroupChange) => Promise<T>): Promise<T>;
  /** Groups that still owe events, at most `limit`. */
  owingGroups(limit: number): Promise<string[]>;
  /** What a group owes, in order, at most `limit`. */
  owed(gid: string, limit: number): Promise<OutboxEvent[]>;
  /**
   * The event is stored at `place`: who waited for it has a part in the conversation from there on, or from 1 where the
   * group shows its history to all. Answers the first seq they may see.
   */
  settle(gid: string, change: number, place: { seq: number; n: number }): Promise<number>;
  /** Removes the members of a dissolved group, at most `limit`; answers them. */
  finishDissolve(gid: string, limit: number): Promise<string[]>;
  /** The event's debt is paid. */
  forget(gid: string, change: number): Promise<void>;
}
