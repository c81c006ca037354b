import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  SignJWT,
} from 'jose';
import { LRUCache } from 'lru-cache';
import type { DirectoryKeys, SigningKey } from '../../store/directory.ts';

export const tokenIssuer = 'petrel';
const algorithm = 'ES256';
const reloadCooldownMs = 1000;
const rotateAfterMs = 90 * 24 * 3600 * 1000;

/** What an access token says; times are left to the signer. */
export interface AccessClaims {
  readonly uid: string;
  readonly did?: string;
  readonly platform?: string;
  readonly scope?: string;
  readonly sid?: string;
}

export interface SigningKeysOptions {
  readonly directory: DirectoryKeys;
  /** Life of an access token, seconds: how long a retired key is still needed. */
  readonly accessTtl: number;
  /** ms since 1970. */
  readonly clock?: () => number;
}

/**
 * Petrel's own keys. They are in the directory, so that every node signs with the same and checks what another signed. The
 * newest that is not retired signs; a retired one stays published until the tokens it signed have ended.
 */
export class SigningKeys {
  readonly #directory: DirectoryKeys;
  readonly #accessTtlMs: number;
  readonly #clock: () => number;
  readonly #imported = new LRUCache<string, CryptoKey>({ max: 200 });
  #keys: readonly SigningKey[] = [];
  #loadedAt = 0;
  #loading: Promise<void> | undefined;

  private constructor({ directory, accessTtl, clock = Date.now }: SigningKeysOptions) {
    this.#directory = directory;
    this.#accessTtlMs = accessTtl * 1000;
    this.#clock = clock;
  }

  /** Loads the keys, makes the first one, puts a new one in place of one that signed for long. */
  static async open(options: SigningKeysOptions): Promise<SigningKeys> {
    const keys = new SigningKeys(options);
    await keys.#load();
    const signing = keys.#signing();
    if (signing === undefined || signing.createdAt + rotateAfterMs < keys.#clock()) await keys.rotate();
    return keys;
  }

  /** Signs with a new key from now on, and forgets keys whose tokens have ended. Answers the new key's id. */
  async rotate(): Promise<string> {
    const now = this.#clock();
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
    const publicJwk = await exportJWK(publicKey);
    const kid = await calculateJwkThumbprint(publicJwk);
    const published: JWK = { ...publicJwk, kid, alg: algorithm, use: 'sig' };
    await this.#directory.addSigningKey(
      {
        kid,
        privateJwk: JSON.stringify({ ...(await exportJWK(privateKey)), kid, alg: algorithm }),
        publicJwk: JSON.stringify(published),
        createdAt: now,
        retiredAt: 0,
        lastsUntil: 0,
      },
      now,
    );
    await this.#load();
    for (const key of this.#keys) if (!this.#needed(key)) await this.#directory.removeSigningKey(key.kid);
    return kid;
  }

  /** The JSON Web Key Set of /.well-known/jwks.json. */
  async published(): Promise<{ keys: JWK[] }> {
    if (this.#clock() - this.#loadedAt > reloadCooldownMs) await this.#load();
    return {
      keys: this.#keys
        .filter((key) => this.#needed(key))
        .map(({ publicJwk }) => JSON.parse(publicJwk) as JWK),
    };
  }

  /** The public key of that id; undefined where it is not, or no longer, one of ours. */
  async publicKey(kid: string): Promise<CryptoKey | undefined> {
    const known = () => this.#keys.find((key) => key.kid === kid && this.#needed(key));
    if (known() === undefined && this.#clock() - this.#loadedAt > reloadCooldownMs) await this.#load();
    const key = known();
    return key && this.#import(key.kid, key.publicJwk);
  }

  /** A signed access token of that life. */
  async sign({ uid, did, platform, scope, sid }: AccessClaims, ttlSeconds: number): Promise<string> {
    const key = this.#signing()!;
    const issuedAt = Math.floor(this.#clock() / 1000);
    const expiresAt = issuedAt + ttlSeconds;
    if (ttlSeconds * 1000 > this.#accessTtlMs) {
      await this.#directory.extendSigningKey(key.kid, expiresAt * 1000);
    }
    return new SignJWT({
      ...(did !== undefined && { did }),
      ...(platform !== undefined && { plat: platform }),
      ...(scope !== undefined && { scope }),
      ...(sid !== undefined && { sid }),
    })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: key.kid })
      .setIssuer(tokenIssuer)
      .setAudience(tokenIssuer)
      .setSubject(uid)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(await this.#import(`${key.kid} private`, key.privateJwk));
  }

  #signing(): SigningKey | undefined {
    return this.#keys.find((key) => key.retiredAt === 0);
  }

  #needed({ retiredAt, lastsUntil }: SigningKey): boolean {
    return retiredAt === 0 || Math.max(retiredAt + this.#accessTtlMs, lastsUntil) > this.#clock();
  }

  async #import(name: string, jwk: string): Promise<CryptoKey> {
    const known = this.#imported.get(name);
    if (known !== undefined) return known;
    const key = (await importJWK(JSON.parse(jwk) as JWK, algorithm)) as CryptoKey;
    this.#imported.set(name, key);
    return key;
  }

  #load(): Promise<void> {
    this.#loading ??= (async () => {
      try {
        this.#keys = await this.#directory.signingKeys();
        this.#loadedAt = this.#clock();
      } finally {
        this.#loading = undefined;
      }
    })();
    return this.#loading;
  }
}
