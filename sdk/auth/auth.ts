import { ClientError } from '../errors.ts';
import type { AskOptions } from '../requests/ask.ts';
import type { Signal } from '../signal.ts';
import type { Storage } from '../storage.ts';
import type { Tabs } from '../tabs.ts';
import type { Platform } from '../types.ts';
import type { Credentials } from './credentials.ts';

/** Who is signed in. */
export interface SignedIn {
  readonly uid: string;
  readonly did?: string;
}

/** `asked`: by the user, here or in another tab. `removed`: from another device. `expired`: the server wants a new sign-in. */
export type EndReason = 'asked' | 'removed' | 'expired';

export interface AuthOptions {
  readonly http: AskOptions;
  readonly storage: Storage;
  readonly tabs: Tabs;
  readonly platform?: Platform;
  /** What this installation is called among the user's devices. */
  readonly deviceName?: string | undefined;
  /** Where the application has users of its own: gives an access token. */
  readonly token?: () => Promise<string>;
  /** Whether what is kept is encrypted; where absent: as `canEncrypt` says. */
  readonly encrypts?: boolean;
  /** Takes away all that is kept of a user; `storage.clear` where absent. The device's id is written again after it. */
  readonly forget?: () => Promise<void>;
  /** Hears of what fails in the background. */
  readonly onError?: (error: unknown) => void;
}

/** Who uses this client, in all its tabs alike. */
export interface Auth extends Credentials {
  readonly user: Signal<SignedIn | undefined>;
  /** Takes up the sign-in that is kept here. Works without a network. */
  restore(): Promise<void>;
  register(account: {
    readonly uid: string;
    readonly password: string;
    readonly name?: string;
  }): Promise<void>;
  signIn(account: { readonly uid: string; readonly password: string }): Promise<void>;
  /** Ends the sign-in here at once, also where the server cannot be told; with `all` it rejects instead. */
  signOut(options?: { readonly all?: boolean }): Promise<void>;
  /** Called in every tab, after `user` has changed and before anything is forgotten. */
  onEnded(handler: (reason: EndReason) => void): () => void;
  /** This installation's own name, for the MQTT client id. */
  device(): Promise<string>;
  close(): void;
}

export const signedOut = (): ClientError => new ClientError('client.signed-out', 'Nobody is signed in.');

/** Whether there are keys that scripts can use and not read, and a place for them: pages on plain http have none. */
export const canEncrypt = ({ keepsKeys }: Pick<Storage, 'keepsKeys'>): boolean =>
  keepsKeys && globalThis.crypto?.subtle !== undefined;
