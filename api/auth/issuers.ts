import { readFile, stat } from 'node:fs/promises';
import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** One of `auth.issuers`. */
export interface IssuerConfig {
  readonly issuer: string;
  readonly jwksUri?: string | undefined;
  readonly jwksFile?: string | undefined;
  readonly audience?: string | undefined;
  readonly uidClaim?: string | undefined;
}

/** A trusted provider of tokens and its keys. */
export interface TrustedIssuer extends IssuerConfig {
  readonly keys: JWTVerifyGetKey;
}

const fetchTimeoutMs = 5000;
const cooldownMs = 30_000;
const maxAgeMs = 600_000;
const fileCheckMs = 1000;

/** A key set in a file that is read again when the file changes. A file that turns bad leaves the keys as they were. */
async function fileKeys(path: string): Promise<JWTVerifyGetKey> {
  const read = async () => {
    const { mtimeMs, size } = await stat(path);
    const keys = createLocalJWKSet(JSON.parse(await readFile(path, 'utf8')) as JSONWebKeySet);
    return { mtimeMs, size, keys };
  };
  let current = await read();
  let checkedAt = Date.now();
  const refresh = async () => {
    if (Date.now() - checkedAt < fileCheckMs) return;
    checkedAt = Date.now();
    try {
      const { mtimeMs, size } = await stat(path);
      if (mtimeMs !== current.mtimeMs || size !== current.size) current = await read();
    } catch {
      // Half-written or away for a moment: the next check sees it whole.
    }
  };
  return async (header, token) => {
    await refresh();
    return current.keys(header, token);
  };
}

/** Makes the key sets ready; throws where a key file cannot be read. */
export async function openIssuers(
  configs: readonly IssuerConfig[],
): Promise<ReadonlyMap<string, TrustedIssuer>> {
  const issuers = new Map<string, TrustedIssuer>();
  for (const config of configs) {
    const keys =
      config.jwksUri !== undefined
        ? createRemoteJWKSet(new URL(config.jwksUri), {
            timeoutDuration: fetchTimeoutMs,
            cooldownDuration: cooldownMs,
            cacheMaxAge: maxAgeMs,
          })
        : await fileKeys(config.jwksFile!);
    issuers.set(config.issuer, { ...config, keys });
  }
  return issuers;
}
