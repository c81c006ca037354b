import type { Change, Storage } from '../storage.ts';
import { randomHex } from './random.ts';
import { createKey, open, type Sealed, seal } from './seal.ts';

/** A token for asking, and how long it is good: by this device's own clock, ms. */
export interface Access {
  readonly token: string;
  readonly expiresAt: number;
  /** From its making on. */
  readonly lifeMs: number;
}

/** A sign-in of Petrel. */
export interface SignIn {
  readonly uid: string;
  readonly did?: string;
  /** Good once. */
  readonly refreshToken: string;
  /** Of the refresh that was begun with it, until it is answered: with the same one it may be asked for again. */
  readonly nonce?: string;
  readonly access?: Access;
}

/** As it is stored. What cannot be encrypted has the refresh token alone: without it one would have to sign in each time. */
type Stored = { readonly sealed: Sealed } | { readonly plain: Omit<SignIn, 'access'> };

const table = 'session';

/** What is kept of the sign-in and of this device, in the storage that all tabs share. */
export class Kept {
  readonly #storage: Storage;
  readonly #encrypts: boolean;

  /** `encrypts`: with a key that scripts cannot read, where the platform can keep one. */
  constructor(storage: Storage, encrypts: boolean) {
    this.#storage = storage;
    this.#encrypts = encrypts;
  }

  async load(): Promise<SignIn | undefined> {
    const stored = await this.#storage.get<Stored>(table, 'sign-in');
    if (stored === undefined) return undefined;
    if ('plain' in stored) return stored.plain;
    const key = await this.#storage.get<CryptoKey>(table, 'key');
    const text = key && (await open(key, stored.sealed));
    return text === undefined ? undefined : (JSON.parse(text) as SignIn);
  }

  async save(signIn: SignIn): Promise<void> {
    const owner: Change = { table, key: 'owner', value: { uid: signIn.uid } };
    if (!this.#encrypts) {
      const { access: _, ...plain } = signIn;
      await this.#storage.write([owner, { table, key: 'sign-in', value: { plain } satisfies Stored }]);
      return;
    }
    const known = await this.#storage.get<CryptoKey>(table, 'key');
    const key = known ?? (await createKey());
    const sealed = await seal(key, JSON.stringify(signIn));
    await this.#storage.write([
      owner,
      ...(known === undefined ? [{ table, key: 'key', value: key } as const] : []),
      { table, key: 'sign-in', value: { sealed } satisfies Stored },
    ]);
  }

  /** Ends what is kept of the sign-in; what the user has read and not sent yet stays for their next one. */
  remove(): Promise<void> {
    return this.#storage.write([{ table, key: 'sign-in', delete: true }]);
  }

  /** Whose things are kept here, signed in or not. */
  async owner(): Promise<string | undefined> {
    return (await this.#storage.get<{ uid: string }>(table, 'owner'))?.uid;
  }

  setOwner(uid: string): Promise<void> {
    return this.#storage.write([{ table, key: 'owner', value: { uid } }]);
  }

  /** What this installation calls itself; made once. It says nothing about a user, and outlives them all. */
  async device(): Promise<string> {
    const known = await this.#storage.get<{ did: string }>(table, 'device');
    if (known !== undefined) return known.did;
    const did = `d-${randomHex(8)}`;
    await this.setDevice(did);
    return did;
  }

  setDevice(did: string): Promise<void> {
    return this.#storage.write([{ table, key: 'device', value: { did } }]);
  }
}
