import type { Platform } from '../../schemas/identity.ts';
import type { DirectoryDevices } from './devices.ts';

export * from './devices.ts';

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

export interface DirectorySessions extends DirectoryDevices {
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
