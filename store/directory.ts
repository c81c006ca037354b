import type { Platform } from '../schemas/identity.ts';

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

/** Where a user came from: a registration, or a trusted token that named them first. */
export const userOrigins = ['registered', 'token'] as const;
export type UserOrigin = (typeof userOrigins)[number];

export interface User {
  readonly uid: string;
  readonly name?: string;
  /** bcrypt; absent for users who cannot sign in with a password. */
  readonly passwordHash?: string;
  readonly createdAt: number;
  /** ms; 0 where not banned. */
  readonly bannedUntil: number;
  readonly origin: UserOrigin;
}

export interface Device {
  readonly uid: string;
  readonly did: string;
  readonly platform?: Platform;
  readonly name?: string;
  readonly createdAt: number;
  readonly lastSeen: number;
}

/** A sign-in and the refresh tokens that came from it; only the newest token's hash is kept. */
export interface Family {
  readonly sid: string;
  readonly uid: string;
  readonly did: string;
  readonly platform?: Platform;
  readonly tokenHash: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** ms; 0 while it holds. */
  readonly revokedAt: number;
}

/** A key that signs access tokens, as JWKs in JSON. */
export interface SigningKey {
  readonly kid: string;
  readonly privateJwk: string;
  readonly publicJwk: string;
  readonly createdAt: number;
  /** ms; 0 while it may sign. */
  readonly retiredAt: number;
  /** When the last token it signed ends, as far as that is later than an access token's life after retirement; ms. */
  readonly lastsUntil: number;
}

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

/** What the sends, the hub and policy ask: one short read each. */
export interface DirectoryFacts {
  directFacts(from: string, to: string): Promise<DirectFacts>;
  groupFacts(gid: string, uid: string): Promise<GroupFacts>;
  /** The groups the user has a part in, in gid order. */
  groupsOf(uid: string): Promise<Membership[]>;
  isBanned(uid: string, now: number): Promise<boolean>;
  userExists(uid: string): Promise<boolean>;
}

export interface DirectoryUsers {
  /** False where the uid is taken. */
  createUser(user: Omit<User, 'bannedUntil'>): Promise<boolean>;
  /** Makes those of the users that are missing, as first named by a token; answers them. */
  ensureUsers(uids: readonly string[], createdAt: number): Promise<string[]>;
  getUser(uid: string): Promise<User | undefined>;
  /** Those of the uids that exist. */
  existing(uids: readonly string[]): Promise<Set<string>>;
  /** The names of those of the uids that have one. */
  names(uids: readonly string[]): Promise<Map<string, string>>;
  /** `until` 0 ends a ban. False where there is no such user. */
  setBan(uid: string, until: number): Promise<boolean>;
  /** All users banned at `now`, with the end of the ban. */
  banned(now: number): Promise<{ uid: string; until: number }[]>;
}

export interface DirectorySessions {
  /** Makes the device or brings its lastSeen, and its platform and name where given, up to date. */
  seeDevice(device: Omit<Device, 'createdAt'>): Promise<void>;
  devicesOf(uid: string): Promise<Device[]>;
  createFamily(family: Omit<Family, 'revokedAt'>): Promise<void>;
  getFamily(sid: string): Promise<Family | undefined>;
  /** Puts the next token in place of `fromHash`; false where another was quicker or the family is revoked. */
  rotateFamily(sid: string, fromHash: string, toHash: string, expiresAt: number): Promise<boolean>;
  /** Revokes the user's families, all or one, and answers the sids that held until now. */
  revokeFamilies(uid: string, sid: string | undefined, at: number): Promise<string[]>;
  /** The sids revoked at or after `since`. */
  revokedFamilies(since: number): Promise<{ sid: string; at: number }[]>;
  /** Forgets families that ended before `before`, at most a thousand; answers how many. */
  pruneFamilies(before: number): Promise<number>;
}

export interface DirectoryKeys {
  /** Newest first. */
  signingKeys(): Promise<SigningKey[]>;
  /** Adds a key; with `retireOthersAt` all others stop signing then. */
  addSigningKey(key: SigningKey, retireOthersAt?: number): Promise<void>;
  /** The key is needed until then at least. */
  extendSigningKey(kid: string, lastsUntil: number): Promise<void>;
  removeSigningKey(kid: string): Promise<void>;
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

/**
 * Accounts, devices, friends and groups: what is true of people, as the timeline is what was said.
 *
 * Guarantees: what a method wrote is durable when it resolves, and seen by every read that begins afterwards; a method
 * takes effect as a whole or not at all. Every method rejects with PetrelError `store.unavailable` where the store cannot
 * do it now; it works again by itself when the cause is gone.
 */
export interface Directory
  extends DirectoryFacts,
    DirectoryUsers,
    DirectorySessions,
    DirectoryKeys,
    DirectoryGroups {
  /** Resolves when the store answers; for /readyz. */
  check(): Promise<void>;
  close(): Promise<void>;
}
