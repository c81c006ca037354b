/** Where a user came from: a registration, a trusted token that named them first, or an application's backend. */
export const userOrigins = ['registered', 'token', 'admin'] as const;
export type UserOrigin = (typeof userOrigins)[number];

/** A user as they are made. */
export interface NewUser {
  readonly uid: string;
  readonly name?: string;
  readonly avatar?: string;
  readonly bio?: string;
  /** bcrypt; absent for users who cannot sign in with a password. */
  readonly passwordHash?: string;
  /** ms. */
  readonly createdAt: number;
  readonly origin: UserOrigin;
}

export interface User extends NewUser {
  /** ms; 0 where not banned. */
  readonly bannedUntil: number;
  readonly banReason?: string;
  /** Whether others find the user by a search. */
  readonly discoverable: boolean;
  /** Whether others are told how far the user has read. */
  readonly readReceipts: boolean;
  /** The user does not want to be seen online. */
  readonly invisible: boolean;
  /** ms; where the user was removed: nothing but the uid and the times are left. */
  readonly removedAt?: number;
}

/** What a user may change of themselves; null takes away. */
export interface UserChanges {
  readonly name?: string | null;
  readonly avatar?: string | null;
  readonly bio?: string | null;
  readonly discoverable?: boolean;
  readonly readReceipts?: boolean;
  readonly invisible?: boolean;
}

/** A user whom a search found. */
export interface FoundUser extends Pick<User, 'uid' | 'name' | 'avatar' | 'bio' | 'createdAt'> {
  /** Where in the order of the search: the page after this one begins behind it. */
  readonly place: SearchPlace;
}

export interface SearchPlace {
  readonly word: string;
  readonly uid: string;
}

export interface UserSearch {
  /** The beginning of a uid or of a word of a name, or a run of characters of a name in Han, kana or hangul. */
  readonly text: string;
  /** Who is not discoverable is found by their friends, and nobody by those they block or who block them. */
  readonly asker: string;
  readonly after?: SearchPlace;
  readonly limit: number;
}

export interface DirectoryUsers {
  /** False where the uid is taken; the uid of a removed user is. */
  createUser(user: NewUser): Promise<boolean>;
  /** Makes those of the users whose uid is free; answers them. No uid is given twice. */
  createUsers(users: readonly NewUser[]): Promise<string[]>;
  /** Makes those of the users that are missing, as first named by a token; answers them. Who was removed stays so. */
  ensureUsers(uids: readonly string[], createdAt: number): Promise<string[]>;
  /** Also one that was removed. */
  getUser(uid: string): Promise<User | undefined>;
  /** Answers the user as they are then; undefined where there is none. */
  updateUser(uid: string, changes: UserChanges): Promise<User | undefined>;
  /**
   * Puts a password hash in place of `from`, and revokes the user's sign-ins but `keepSid`. Answers the sids that held
   * until now; undefined where the password is not `from` any more.
   */
  changePassword(
    uid: string,
    passwords: { readonly from: string; readonly to: string },
    keepSid: string | undefined,
    at: number,
  ): Promise<string[] | undefined>;
  /** Users by a search: the one with exactly this uid, then in the order of the word found and the uid. */
  searchUsers(search: UserSearch): Promise<FoundUser[]>;
  /** Those of the uids that exist and were not removed. */
  existing(uids: readonly string[]): Promise<Set<string>>;
  /** The names of those of the uids that have one. */
  names(uids: readonly string[]): Promise<Map<string, string>>;
  /** `until` 0 ends a ban. False where there is no such user. */
  setBan(uid: string, until: number, reason?: string): Promise<boolean>;
  /** Users banned at `now`, with the end of the ban: all, or those of these uids. */
  banned(now: number, among?: readonly string[]): Promise<{ uid: string; until: number }[]>;
}
