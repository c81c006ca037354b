import { SignJWT } from 'jose';
import type { Config } from '../schemas/config.ts';
import type { TokenClaims } from './surroundings.ts';

/** Signs an access token with `auth.secret`. */
export async function issueToken(
  { auth }: Config,
  { uid, ttl, scope, did, platform }: TokenClaims,
): Promise<string> {
  if (auth.secret === undefined) throw new Error('a token needs auth.secret');
  const claims = {
    ...(scope ? { scope } : {}),
    ...(did ? { did } : {}),
    ...(platform ? { plat: platform } : {}),
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(uid)
    .setIssuedAt()
    .setExpirationTime(`${ttl} s`)
    .sign(new TextEncoder().encode(auth.secret));
}
