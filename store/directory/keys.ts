/** A key that signs access tokens, as JWKs in JSON. */
export interface SigningKey {
  readonly kid: string;
  readonly privateJwk: string;
  readonly publicJwk: string;
  readonly createdAt: number;
  /** ms; 0 while it may sign. */
  readonly retiredAt: number;
  /** When the last token it signed ends, as far as that is later than an access token's life after retirement; ms. */
  readonly lastsUntil: number;
}

export interface DirectoryKeys {
  /** Newest first. */
  signingKeys(): Promise<SigningKey[]>;
  /** Adds a key; with `retireOthersAt` all others stop signing then. */
  addSigningKey(key: SigningKey, retireOthersAt?: number): Promise<void>;
  /** The key is needed until then at least. */
  extendSigningKey(kid: string, lastsUntil: number): Promise<void>;
  removeSigningKey(kid: string): Promise<void>;
}
