import { webcrypto } from 'node:crypto';
import {
  type CryptoKey,
  decodeJwt,
  decodeProtectedHeader,
  type JWTPayload,
  type JWTVerifyOptions,
  errors as joseErrors,
  jwtVerify,
} from 'jose';
import { LRUCache } from 'lru-cache';
import type { Config } from '../../schemas/config.ts';
import { PetrelError } from '../../schemas/errors.ts';
import {
  type Authenticator,
  type Identity,
  isUid,
  type Platform,
  platforms,
  reservedUids,
  systemUid,
} from '../../schemas/identity.ts';
import { internalScope } from '../../schemas/work.ts';
import { tellStale } from '../../store/bus/stale.ts';
import type { Bus } from '../../store/bus.ts';
import type { Directory } from '../../store/directory.ts';
import { batched } from './batched.ts';
import { openIssuers, type TrustedIssuer } from './issuers.ts';
import { type SigningKeys, tokenIssuer } from './keys.ts';
import type { Revocations } from './revocations.ts';

const maxTokenBytes = 8192;
/** For `nbf` and `iat` alone: a token that has ended is refused at once. */
const clockToleranceSeconds = 5;
/** How long a checked token is known without its signature: bounds how long a key withdrawn by an issuer still counts. */
const checkedTtlMs = 60_000;
const didPattern = /^[A-Za-z0-9_.:-]{1,64}$/;

export interface AuthenticatorOptions {
  readonly auth: Pick<Config['auth'], 'secret' | 'issuers'>;
  readonly directory: Directory;
  readonly bus: Bus;
  readonly keys: SigningKeys;
  readonly revocations: Revocations;
  /** ms since 1970. */
  readonly clock?: () => number;
}

/** What a source of tokens vouches for. */
interface Checked {
  readonly identity: Identity;
  /** Whether the directory may not know the user yet. */
  readonly mayBeNew: boolean;
}

/** Petrel's own tokens, those of `auth.secret` and those of `auth.issuers`. */
export async function createAuthenticator(options: AuthenticatorOptions): Promise<Authenticator> {
  const { auth, directory, bus, keys, revocations, clock = Date.now } = options;
  const issuers = await openIssuers(auth.issuers);
  const secret = auth.secret === undefined ? undefined : await importSecret(auth.secret);
  const checked = new LRUCache<string, Checked>({ max: 2000, ttl: checkedTtlMs });
  const seen = new LRUCache<string, true>({ max: 100_000 });

  const timed = (rules: JWTVerifyOptions): JWTVerifyOptions => ({
    ...rules,
    requiredClaims: ['exp'],
    clockTolerance: clockToleranceSeconds,
    currentDate: new Date(clock()),
  });

  const verifyOwn = async (token: string, kid: string | undefined): Promise<JWTPayload> => {
    const key = kid === undefined ? undefined : await keys.publicKey(kid);
    if (key === undefined) throw badToken();
    const { payload } = await jwtVerify(
      token,
      key,
      timed({ algorithms: ['ES256'], issuer: tokenIssuer, audience: tokenIssuer, typ: 'JWT' }),
    );
    return payload;
  };

  const checkOwn = async (token: string, kid: string | undefined): Promise<Checked> => {
    const payload = await verifyOwn(token, kid);
    const sid = typeof payload.sid === 'string' ? payload.sid : undefined;
    // A sign-in names a user that exists; a token made on the command line may be the first to name one.
    return { identity: toIdentity(payload, payload.sub, clock(), { sid }), mayBeNew: sid === undefined };
  };

  const checkSecret = async (token: string, typ: string | undefined): Promise<Checked> => {
    if (secret === undefined || (typ !== undefined && typ !== 'JWT')) throw badToken();
    const { payload } = await jwtVerify(token, secret, timed({ algorithms: ['HS256'] }));
    if (payload.iss !== undefined && payload.iss !== tokenIssuer) throw badToken();
    if (payload.aud !== undefined && !audiences(payload).includes(tokenIssuer)) throw badToken();
    return { identity: toIdentity(payload, payload.sub, clock()), mayBeNew: true };
  };

  const checkIssuer = async (
    token: string,
    typ: string | undefined,
    issuer: TrustedIssuer,
  ): Promise<Checked> => {
    if (typ !== undefined && typ !== 'JWT' && typ !== 'at+jwt') throw badToken();
    const { payload } = await jwtVerify(
      token,
      issuer.keys,
      timed({
        algorithms: ['RS256', 'ES256', 'EdDSA'],
        issuer: issuer.issuer,
        ...(issuer.audience !== undefined && { audience: issuer.audience }),
      }),
    );
    const uid = payload[issuer.uidClaim ?? 'sub'];
    return { identity: toIdentity(payload, uid, clock()), mayBeNew: true };
  };

  /** Which source a token claims to be from decides how it is checked, and by that which algorithms it may use. */
  const check = async (token: string): Promise<Checked> => {
    if (token.length === 0 || token.length > maxTokenBytes) throw badToken();
    try {
      const { alg, kid, typ } = decodeProtectedHeader(token);
      if (alg === 'HS256') return await checkSecret(token, typ);
      const { iss } = decodeJwt(token);
      if (iss === tokenIssuer) return await checkOwn(token, kid);
      const issuer = iss === undefined ? undefined : issuers.get(iss);
      if (issuer === undefined) throw badToken();
      return await checkIssuer(token, typ, issuer);
    } catch (error) {
      throw toAuthError(error);
    }
  };

  const ensureUser = batched(async (uids: readonly string[]) => {
    const created = await directory.ensureUsers(uids, clock());
    tellStale(bus, created);
    const present = await directory.existing(uids);
    // Who was removed stays so: a uid never comes back.
    for (const uid of uids) if (!present.has(uid)) revocations.remove(uid);
    for (const uid of present) seen.set(uid, true);
  });

  const recheck = async ({ uid, sid }: Identity): Promise<void> => {
    await revocations.settled();
    if (revocations.isRemoved(uid) || (sid !== undefined && revocations.isRevoked(sid))) throw badToken();
    if (revocations.isBanned(uid)) throw new PetrelError('auth.banned');
  };

  return {
    recheck,
    async verifyNode(token) {
      if (token.length === 0 || token.length > maxTokenBytes) throw badToken();
      try {
        // Nobody but the server signs for itself, whatever else a key or a provider vouches for.
        const { sub, scope } = await verifyOwn(token, decodeProtectedHeader(token).kid);
        if (sub !== systemUid || scope !== internalScope) throw badToken();
      } catch (error) {
        throw toAuthError(error);
      }
    },
    async verify(token) {
      let known = checked.get(token);
      if (known === undefined) {
        known = await check(token);
        checked.set(token, known);
      }
      const { identity, mayBeNew } = known;
      if (identity.expiresAt <= clock()) {
        checked.delete(token);
        throw new PetrelError('auth.expired');
      }
      await recheck(identity);
      if (mayBeNew && !seen.has(identity.uid)) {
        await ensureUser(identity.uid);
        if (revocations.isRemoved(identity.uid)) throw badToken();
      }
      return identity;
    },
  };
}

/** Imported once: from bytes jose would do it for every token. */
const importSecret = (secret: string): Promise<CryptoKey> =>
  webcrypto.subtle.importKey('raw', Buffer.from(secret, 'utf8'), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'verify',
  ]) as Promise<CryptoKey>;

const noScopes: ReadonlySet<string> = new Set();

const badToken = (cause?: unknown): PetrelError => new PetrelError('auth.bad-token', undefined, { cause });

const audiences = ({ aud }: JWTPayload): readonly string[] =>
  aud === undefined ? [] : Array.isArray(aud) ? aud : [aud];

function toIdentity(
  payload: JWTPayload,
  uid: unknown,
  now: number,
  own?: { readonly sid: string | undefined },
): Identity {
  const { did, plat, scope, exp } = payload;
  if (typeof uid !== 'string' || !isUid(uid) || reservedUids.has(uid)) throw badToken();
  if (did !== undefined && (typeof did !== 'string' || !didPattern.test(did))) throw badToken();
  if (plat !== undefined && !platforms.includes(plat as Platform)) throw badToken();
  if (scope !== undefined && typeof scope !== 'string') throw badToken();
  if (exp === undefined || !Number.isSafeInteger(Math.floor(exp * 1000))) throw badToken();
  const expiresAt = Math.floor(exp * 1000);
  if (expiresAt <= now) throw new PetrelError('auth.expired');
  return {
    uid,
    ...(did !== undefined && { did }),
    ...(plat !== undefined && { platform: plat as Platform }),
    ...(own?.sid !== undefined && { sid: own.sid }),
    scopes: scope === undefined ? noScopes : toScopes(scope),
    expiresAt,
  };
}

function toScopes(scope: string): ReadonlySet<string> {
  const scopes = new Set(scope.split(' ').filter((word) => word !== ''));
  // Nodes are not users, and users are not nodes.
  scopes.delete(internalScope);
  return scopes;
}

/** jose's refusals as ours; a provider whose keys cannot be fetched is not the token's fault. */
function toAuthError(error: unknown): PetrelError {
  if (error instanceof PetrelError) return error;
  if (error instanceof joseErrors.JWTExpired) return new PetrelError('auth.expired');
  const fetchFailed =
    error instanceof joseErrors.JWKSTimeout ||
    error instanceof joseErrors.JWKSInvalid ||
    (error instanceof joseErrors.JOSEError && error.code === 'ERR_JOSE_GENERIC') ||
    (error instanceof TypeError && error.message === 'fetch failed');
  return fetchFailed
    ? new PetrelError('store.unavailable', 'The keys of the token’s issuer cannot be had now.', {
        cause: error,
      })
    : badToken(error);
}
