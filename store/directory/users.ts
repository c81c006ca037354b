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
