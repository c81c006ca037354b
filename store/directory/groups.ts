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

/** What of a group may be changed; null takes it away. */
export interface GroupSettings {
  readonly name?: string;
  readonly avatar?: string | null;
  readonly announcement?: string | null;
  readonly join?: JoinPolicy;
  readonly muted?: boolean;
  readonly history?: HistoryPolicy;
}

/** What of a member may be changed; the owner comes and goes by `transfer` alone. */
export interface MemberSettings {
  readonly role?: Exclude<GroupRole, 'owner'>;
  readonly nick?: string | null;
  /** ms; 0 unmutes. */
  readonly mutedUntil?: number;
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

/** Who has asked to join a group. */
export interface JoinRequest {
  readonly uid: string;
  readonly at: number;
}

export interface Invite {
  readonly gid: string;
  readonly code: string;
  /** Who made it. */
  readonly by: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Who alone may use it; anyone where absent. */
  readonly uids?: readonly string[];
}

/** The inside of a group's transaction. */
export interface GroupChange {
  /** Undefined where there is no such group, or no longer. */
  readonly group: Group | undefined;
  member(uid: string): Promise<Member | undefined>;
  /** The first of the uids that is no user, or no longer; those who are stay so until the change is made. */
  missing(uids: readonly string[]): Promise<string | undefined>;
  /** Those of the uids that are no members, in the given order. */
  strangers(uids: readonly string[]): Promise<string[]>;
  /** Adds those who are not members yet and answers them, in the given order; their requests to join go. */
  add(uids: readonly string[], role: GroupRole, at: number): Promise<string[]>;
  /** Answers whether the user was a member. */
  remove(uid: string): Promise<boolean>;
  update(settings: GroupSettings): Promise<void>;
  updateMember(uid: string, settings: MemberSettings): Promise<void>;
  /** Makes another member the owner, unmuted, and the owner an admin. */
  transfer(uid: string): Promise<void>;
  /** Who has the group after its owner: the admin who came first, else the member who did; undefined where they are alone. */
  successor(): Promise<string | undefined>;
  /** Notes that the user asks to join; false where they asked before. */
  request(uid: string, at: number): Promise<boolean>;
  /** Answers whether there was a request. */
  dropRequest(uid: string): Promise<boolean>;
  /** Makes an invitation; those that ended go. */
  invite(invite: Omit<Invite, 'gid'>): Promise<void>;
  /** An invitation that holds at `now`. */
  invited(code: string, now: number): Promise<Invite | undefined>;
  /** Answers whether there was such an invitation. */
  dropInvite(code: string): Promise<boolean>;
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
  /** Owner and admins. */
  managersOf(gid: string): Promise<string[]>;
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
   * group showed its history to all when they came.
   */
  settle(gid: string, change: number, place: { seq: number; n: number }): Promise<void>;
  /** Lets those who have a part in the conversation see all of it. */
  openHistory(gid: string): Promise<void>;
  /** Who asks to join, in the order of asking, from after the given one. */
  listRequests(gid: string, after: JoinRequest | undefined, limit: number): Promise<JoinRequest[]>;
  /** Takes back all that a user asked to join. */
  dropRequestsOf(uid: string): Promise<void>;
  /** Invitations that hold at `now`, in the order of their making, from after the given one. */
  listInvites(
    gid: string,
    now: number,
    after: Pick<Invite, 'createdAt' | 'code'> | undefined,
    limit: number,
  ): Promise<Invite[]>;
  /** Removes the members of a dissolved group, at most `limit`, and what else belonged to it; answers them. */
  finishDissolve(gid: string, limit: number): Promise<string[]>;
  /** The event's debt is paid. */
  forget(gid: string, change: number): Promise<void>;
}
