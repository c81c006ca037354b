/** A user's handle: chosen at registration, never changed. */
export const uidPattern = /^[a-z0-9][a-z0-9_.-]{0,63}$/;

export const isUid = (text: string): boolean => uidPattern.test(text);

/** The uid of clients without a token, where `auth.anonymous` allows them; nobody can register it. */
export const anonymousUid = 'anonymous';

/** Who acts where no user does: the server itself, or an application's backend. */
export const systemUid = 'system';

/** Handles nobody can register: the server writes as them. */
export const reservedUids: ReadonlySet<string> = new Set([anonymousUid, systemUid]);

export const platforms = ['web', 'desktop', 'mobile', 'iot', 'bot'] as const;
export type Platform = (typeof platforms)[number];

/** Who is on the other side of a connection or a request, as proved by a token. */
export interface Identity {
  readonly uid: string;
  /** The device id of the token (`did`); a connection without one is known by its client id. */
  readonly did?: string;
  readonly platform?: Platform;
  /** The sign-in that Petrel's own token came from: what a logout revokes. */
  readonly sid?: string;
  /** `admin` opens the server API. */
  readonly scopes: ReadonlySet<string>;
  /** When the token ends, ms since 1970; Infinity for anonymous clients. */
  readonly expiresAt: number;
}

/** Turns a token into an identity. */
export interface Authenticator {
  /**
   * Throws PetrelError `auth.bad-token` (not ours, forged, wrong typ, iss or aud, no exp, signed out),
   * `auth.expired`, `auth.banned`, `store.unavailable`. Creates a user who is first seen in a trusted token.
   */
  verify(token: string): Promise<Identity>;
  /** Whether the token is one that the server's own nodes show each other; throws as `verify` does where it is not. */
  verifyNode(token: string): Promise<void>;
  /** Rejects as `verify` does where the identity was signed out or banned since. */
  recheck(identity: Identity): Promise<void>;
}
