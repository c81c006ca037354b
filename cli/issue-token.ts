import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { SigningKeys } from '../api/auth/keys.ts';
import type { Config } from '../schemas/config.ts';
import { openSqliteDirectory } from '../store/directory/sql/sqlite.ts';
import type { Directory } from '../store/directory.ts';
import type { TokenClaims } from './surroundings.ts';

/** Signs an access token: with `auth.secret` where there is one, else with the keys of the directory. */
export function issueToken(config: Config, claims: TokenClaims): Promise<string> {
  const { secret } = config.auth;
  return secret === undefined ? signedByKeys(config, claims) : signedBySecret(secret, claims);
}

// Only the directory is opened, which takes several processes: the server may run meanwhile.
async function signedByKeys(config: Config, { ttl, ...claims }: TokenClaims): Promise<string> {
  const { auth } = config;
  const directory = await openDirectory(config);
  try {
    const keys = await SigningKeys.open({ directory, accessTtl: auth.accessTtl });
    return await keys.sign(claims, ttl);
  } finally {
    await directory.close();
  }
}

async function openDirectory({ dataDir, store: { directory: url } }: Config): Promise<Directory> {
  if (url !== 'sqlite') return (await import('../store/directory/sql/mysql.ts')).openMysqlDirectory({ url });
  if (!existsSync(join(dataDir, 'directory.db')))
    throw new Error(`there are no keys in ${dataDir} (dataDir): start the server once, or set auth.secret`);
  return openSqliteDirectory({ dir: dataDir });
}

function signedBySecret(secret: string, { uid, ttl, scope, did, platform }: TokenClaims): Promise<string> {
  const issuedAt = Math.floor(Date.now() / 1000);
  return new SignJWT({ ...(scope && { scope }), ...(did && { did }), ...(platform && { plat: platform }) })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(uid)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ttl)
    .sign(new TextEncoder().encode(secret));
}
