import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { addressKey } from '../../policy/limits.ts';
import type { Config } from '../../schemas/config.ts';
import { PetrelError } from '../../schemas/errors.ts';
import { type Identity, type Platform, reservedUids } from '../../schemas/identity.ts';
import type { Bus } from '../../store/bus.ts';
import type { Directory, Family, User } from '../../store/directory.ts';
import { type Attempts, createAttempts } from './attempts.ts';
import type { SigningKeys } from './keys.ts';
import { createPasswords } from './passwords.ts';
import type { Revocations } from './revocations.ts';

/** DISCONNECT reason of connections that a logout ends: administrative action. */
const signedOut = 0x98;

/** What a client gets when it signs in. */
export interface Session {
  readonly uid: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Life of the access token, seconds. */
  readonly expiresIn: number;
  readonly tokenType: 'Bearer';
}

/** A session, and who its access token says it is. */
export interface SignedIn {
  readonly session: Session;
  readonly identity: Identity;
}

export interface AccountsOptions {
  readonly auth: Pick<Config['auth'], 'registration' | 'accessTtl' | 'refreshTtl' | 'bcryptCost'>;
  readonly limits: Pick<Config['limits'], 'loginAttempts'>;
  readonly directory: Directory;
  readonly bus: Bus;
  readonly keys: SigningKeys;
  readonly revocations: Revocations;
  /** Failed attempts to sign in; this process's own where absent. */
  readonly attempts?: Attempts;
  /** ms since 1970. */
  readonly clock: () => number;
}

/** The device that somebody signs in with, as it says itself. */
interface DeviceOf {
  device?: string;
  deviceName?: string;
  platform?: Platform;
}

/** Registration, sign-in and all that ends it. */
export interface Accounts {
  register(input: {
    uid: string;
    password: string;
    name?: string;
    device?: string;
    deviceName?: string;
    platform?: Platform;
    address?: string;
  }): Promise<SignedIn>;
  login(input: {
    uid: string;
    password: string;
    device?: string;
    deviceName?: string;
    platform?: Platform;
    address: string;
  }): Promise<SignedIn>;
  /**
   * A refresh token is good once: seen again, it was stolen, and its family ends. Who gives a nonce may ask again with the
   * same two, as the answer may have been lost: it is the same, until the token in it is used.
   */
  refresh(refreshToken: string, nonce?: string): Promise<SignedIn>;
  /** The hash of a user's password to be. Who asks from one address waits for the others in turn. */
  hashPassword(password: string, address: string): Promise<string>;
  /** Throws `auth.bad-credentials` where it is not the user's password; not for users who have none. */
  confirm(uid: string, password: string | undefined, address: string): Promise<void>;
  /**
   * Ends every other sign-in, with its connections; one by a token that is not Petrel's own ends all of them. Throws
   * `auth.bad-credentials` for a wrong password and for users who have none.
   */
  changePassword(
    identity: Identity,
    passwords: { readonly current: string; readonly next: string; readonly address: string },
  ): Promise<void>;
  /** Ends the sign-in of the identity, or all of the user's, with their connections. */
  logout(identity: Identity, did: string | undefined, all: boolean): Promise<void>;
}

export function createAccounts(options: AccountsOptions): Accounts {
  const { auth, directory, bus, keys, revocations, clock } = options;
  const passwords = createPasswords(auth);
  const { attempts = createAttempts(options.limits.loginAttempts, clock) } = options;

  const answer = async (family: Pick<Family, 'sid' | 'uid' | 'did' | 'platform'>, secret: string) => {
    const { sid, uid, did, platform } = family;
    const expiresAt = (Math.floor(clock() / 1000) + auth.accessTtl) * 1000;
    const proved = { uid, did, sid, ...(platform !== undefined && { platform }) };
    const accessToken = await keys.sign(proved, auth.accessTtl);
    return {
      session: {
        uid,
        accessToken,
        refreshToken: `${sid}.${secret}`,
        expiresIn: auth.accessTtl,
        tokenType: 'Bearer' as const,
      },
      identity: { ...proved, scopes: new Set<string>(), expiresAt },
    };
  };

  const open = async (uid: string, { device, deviceName, platform }: DeviceOf) => {
    const now = clock();
    const secret = randomText(32);
    const family = {
      sid: randomText(16),
      uid,
      did: device ?? `d-${randomBytes(8).toString('hex')}`,
      ...(platform !== undefined && { platform }),
    };
    const { did } = family;
    const of = {
      ...(platform !== undefined && { platform }),
      ...(deviceName !== undefined && { name: deviceName }),
    };
    if (await directory.seeDevice({ uid, did, ...of, lastSeen: now })) {
      const notice = { type: 'device', action: 'signed-in', did, ...of } as const;
      bus.publish({ type: 'notice', uid, notice, except: did });
    }
    await directory.createFamily({
      ...family,
      tokenHash: hashOf(secret),
      createdAt: now,
      expiresAt: now + auth.refreshTtl * 1000,
    });
    return answer(family, secret);
  };

  const revoke = async (uid: string, sid: string | undefined): Promise<void> => {
    revocations.revoke(await directory.revokeFamilies(uid, sid, clock()));
  };

  /** The user with this password; a wrong one is counted. */
  const check = async (uid: string, password: string, address: string): Promise<User> => {
    const key = `${uid} ${addressKey(address)}`;
    await attempts.take(key);
    const user = await directory.getUser(uid);
    if (!(await passwords.matches(password, user?.passwordHash, addressKey(address))))
      throw new PetrelError('auth.bad-credentials');
    attempts.clear(key);
    return user!;
  };

  return {
    async register({ uid, password, name, address = '', ...device }) {
      if (auth.registration === 'closed') throw new PetrelError('auth.registration-closed');
      if (reservedUids.has(uid) || (await directory.userExists(uid))) throw new PetrelError('user.exists');
      const passwordHash = await passwords.hash(password, addressKey(address));
      const user = { uid, passwordHash, createdAt: clock(), origin: 'registered' as const };
      const created = await directory.createUser({ ...user, ...(name !== undefined && { name }) });
      if (!created) throw new PetrelError('user.exists');
      bus.publish({ type: 'stale', user: uid });
      return open(uid, device);
    },

    async login({ uid, password, address, ...device }) {
      const user = await check(uid, password, address);
      if (user.bannedUntil > clock()) throw new PetrelError('auth.banned');
      const signedIn = await open(uid, device);
      // A change of password or a removal meanwhile has not seen this sign-in: it ends by itself.
      if ((await directory.getUser(uid))?.passwordHash !== user.passwordHash) {
        await revoke(uid, signedIn.identity.sid);
        throw new PetrelError('auth.bad-credentials');
      }
      return signedIn;
    },

    async refresh(refreshToken, nonce) {
      const [sid = '', secret = ''] = refreshToken.split('.');
      const family = await directory.getFamily(sid);
      if (family === undefined || family.expiresAt <= clock()) throw new PetrelError('auth.bad-token');
      const { uid, did, tokenHash, revokedAt } = family;
      const next = nonce === undefined ? randomText(32) : successorOf(secret, nonce);
      const nextHash = hashOf(next);
      const current = equal(hashOf(secret), tokenHash);
      if (revokedAt > 0 && (current || equal(nextHash, tokenHash))) throw new PetrelError('auth.bad-token');
      if (await directory.isBanned(uid, clock())) throw new PetrelError('auth.banned');
      const expiresAt = clock() + auth.refreshTtl * 1000;
      const rotated = current && (await directory.rotateFamily(sid, tokenHash, nextHash, expiresAt));
      // Nobody else can name a token and a nonce that lead to the one which is current.
      const isRepeat = async () => equal(nextHash, (await directory.getFamily(sid))?.tokenHash ?? '');
      if (!rotated && !(await isRepeat())) {
        // Only who held a token of this family knows its sid: an older one is a reuse, and no other is worth telling apart.
        await revoke(uid, sid);
        bus.publish({ type: 'end', uid, did, reason: signedOut });
        throw new PetrelError('auth.refresh-reused');
      }
      return answer(family, next);
    },

    async confirm(uid, password, address) {
      const user = await directory.getUser(uid);
      if (user?.passwordHash === undefined) return;
      if (password === undefined) throw new PetrelError('auth.bad-credentials');
      await check(uid, password, address);
    },

    async changePassword({ uid, sid }, { current, next, address }) {
      const { passwordHash } = await check(uid, current, address);
      const to = await passwords.hash(next, addressKey(address));
      const sids = await directory.changePassword(uid, { from: passwordHash!, to }, sid, clock());
      // Another change came first: the password that was given is not the current one any more.
      if (sids === undefined) throw new PetrelError('auth.bad-credentials');
      revocations.revoke(sids);
      if (sids.length > 0) bus.publish({ type: 'end', uid, sids, reason: signedOut });
    },

    hashPassword: (password, address) => passwords.hash(password, addressKey(address)),

    async logout({ uid, sid }, did, all) {
      if (all) await revoke(uid, undefined);
      else if (sid !== undefined) await revoke(uid, sid);
      const end = { type: 'end' as const, uid, ...(!all && did !== undefined && { did }), reason: signedOut };
      // After the answer: the connection that asked is one of those that end.
      setImmediate(() => bus.publish(end));
    },
  };
}

const randomText = (bytes: number): string => randomBytes(bytes).toString('base64url');

/** Known to who knows both, and leads back to neither. */
const successorOf = (secret: string, nonce: string): string =>
  createHmac('sha256', nonce).update(secret).digest('base64url');

/** Plain SHA-256: the secret is 32 random bytes, there is nothing to guess. */
const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const equal = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
