import { ClientError } from '../errors.ts';
import type { Operations } from '../operations.ts';
import { ask } from '../requests/ask.ts';
import { State } from '../signal.ts';
import { type Auth, type AuthOptions, canEncrypt, type EndReason, type SignedIn, signedOut } from './auth.ts';
import { Emitter } from './emitter.ts';
import { type Access, Kept, type SignIn } from './kept.ts';
import { randomHex } from './random.ts';
import { isGood, Renewal } from './renewal.ts';
import { claimsOf } from './token.ts';

type Session = Operations['auth.login']['output'];

/** What tabs tell each other. */
type Word =
  | { readonly type: 'auth'; readonly is: 'renewed'; readonly user: SignedIn; readonly access: Access }
  | { readonly type: 'auth'; readonly is: 'ended'; readonly reason: EndReason };

/** Held while what is kept of the sign-in is read and changed: a refresh token is good once. */
const lock = 'sign-in';
/** Nobody waits longer for a server that is to be told of a sign-out. */
const goodbyeMs = 5000;
/** Refusals of a refresh token that no waiting mends. */
const finalCodes = new Set(['auth.bad-token', 'auth.refresh-reused', 'auth.expired', 'auth.banned']);

/** Sign-ins of Petrel itself. */
export class OwnAuth implements Auth {
  readonly user = new State<SignedIn | undefined>(undefined);
  readonly #options: AuthOptions;
  readonly #kept: Kept;
  readonly #renewed = new Emitter<string>();
  readonly #ended = new Emitter<EndReason>();
  readonly #renewal = new Renewal(() => this.#renew(true));
  readonly #unlisten: () => void;
  #access: Access | undefined;
  /** The last one that the server did not take, and whether it came before its time. */
  #refused: { readonly token: string; readonly early: boolean } | undefined;
  /** A newer sign-in than the storage has, where that could not be written. */
  #unsaved: SignIn | undefined;
  #renewing: Promise<string> | undefined;

  constructor(options: AuthOptions) {
    this.#options = options;
    this.#kept = new Kept(options.storage, options.encrypts ?? canEncrypt(options.storage));
    this.#unlisten = options.tabs.onMessage((message) => {
      const word = message as Partial<Word> | undefined;
      if (word?.type !== 'auth') return;
      if (word.is === 'renewed') this.#adopt((word as Word & { is: 'renewed' }).user, word.access);
      else if (word.is === 'ended' && word.reason !== undefined) this.#over(word.reason);
    });
  }

  async restore(): Promise<void> {
    const kept = await this.#kept.load();
    if (kept !== undefined && this.user.value === undefined) this.#adopt(userOf(kept), kept.access);
  }

  async register(account: { uid: string; password: string; name?: string }): Promise<void> {
    this.#assertSignedOut();
    const asked = Date.now();
    const given = { ...account, ...(await this.#device()) };
    await this.#begin(await ask(this.#options.http, 'auth.register', given), asked);
  }

  async signIn({ uid, password }: { uid: string; password: string }): Promise<void> {
    this.#assertSignedOut();
    const given = { uid, password, ...(await this.#device()) };
    const asked = Date.now();
    await this.#begin(await ask(this.#options.http, 'auth.login', given), asked);
  }

  /** What this device is, as the server is told at a sign-in. */
  async #device() {
    const { platform, deviceName } = this.#options;
    return {
      device: await this.#kept.device(),
      ...(platform !== undefined && { platform }),
      ...(deviceName && { deviceName: deviceName.replace(/\p{Cc}/gu, ' ').slice(0, 100) }),
    };
  }

  async signOut({ all = false }: { all?: boolean } = {}): Promise<void> {
    if (this.user.value === undefined) return;
    const http = { ...this.#options.http, timeoutMs: goodbyeMs };
    // The others wait for the lock: none of them takes the end of its connection for a removal.
    await this.#options.tabs.exclusively(lock, async () => {
      try {
        const token = isGood(this.#access) ? this.#access.token : await this.#renewAlone(undefined, http);
        await ask(http, 'auth.logout', { all }, token);
      } catch (error) {
        if (all && this.user.value !== undefined) throw error;
      }
      if (this.user.value !== undefined) await this.#finish('asked');
    });
  }

  async token(): Promise<string> {
    if (this.user.value === undefined) throw signedOut();
    return isGood(this.#access) ? this.#access.token : this.#renew(false);
  }

  refused(token: string): void {
    if (this.#access?.token !== token) return;
    this.#refused = { token, early: isGood(this.#access) };
    this.#access = undefined;
  }

  banned(): void {
    if (this.user.value === undefined) return;
    this.#options.onError?.(new ClientError('auth.banned', 'This account is banned.'));
    void this.#options.tabs
      .exclusively(lock, async () => {
        if (this.user.value !== undefined) await this.#finish('expired');
      })
      .catch((error: unknown) => this.#options.onError?.(error));
  }

  onRenewed(handler: (token: string) => void): () => void {
    return this.#renewed.on(handler);
  }

  onEnded(handler: (reason: EndReason) => void): () => void {
    return this.#ended.on(handler);
  }

  device(): Promise<string> {
    return this.#kept.device();
  }

  close(): void {
    this.#renewal.stop();
    this.#unlisten();
  }

  #assertSignedOut(): void {
    if (this.user.value !== undefined) throw new ClientError('client.signed-in', 'Somebody is signed in.');
  }

  /** A sign-in that was just given. */
  #begin(session: Session, asked: number): Promise<void> {
    return this.#options.tabs.exclusively(lock, async () => {
      const { did } = claimsOf(session.accessToken);
      const owner = await this.#kept.owner();
      if (owner !== undefined && owner !== session.uid) await this.#forget();
      if (did !== undefined) await this.#kept.setDevice(did);
      await this.#take(session, asked, did);
    });
  }

  /** Keeps it, then uses it, then tells the other tabs. */
  async #take(session: Session, asked: number, did: string | undefined): Promise<string> {
    // The server counts whole seconds: it may be one less.
    const lifeMs = Math.max(session.expiresIn * 1000 - 1000, session.expiresIn * 500);
    const access = { token: session.accessToken, expiresAt: asked + lifeMs, lifeMs };
    const { uid, refreshToken } = session;
    const signIn = { uid, ...(did !== undefined && { did }), refreshToken, access };
    await this.#keep(signIn);
    const user = userOf(signIn);
    this.#options.tabs.post({ type: 'auth', is: 'renewed', user, access } satisfies Word);
    this.#adopt(user, access);
    return access.token;
  }

  /** In memory, where the storage fails: the token before it is used up. */
  async #keep(signIn: SignIn): Promise<void> {
    this.#unsaved = signIn;
    try {
      await this.#kept.save(signIn);
      this.#unsaved = undefined;
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  #adopt(user: SignedIn, access: Access | undefined): void {
    const { value } = this.user;
    const isNewer = access !== undefined && access.token !== this.#refused?.token;
    const before = this.#access?.token;
    if (isNewer) {
      this.#access = access;
      this.#renewal.plan(access);
    }
    if (value?.uid !== user.uid || value.did !== user.did) this.user.set(user);
    if (isNewer && access.token !== before) this.#renewed.emit(access.token);
  }

  #renew(ahead: boolean): Promise<string> {
    this.#renewing ??= this.#options.tabs
      .exclusively(lock, () => this.#renewAlone(ahead ? this.#access?.token : undefined))
      .finally(() => {
        this.#renewing = undefined;
      });
    return this.#renewing;
  }

  /** `old` is good still, and is to be renewed. */
  async #renewAlone(old: string | undefined, http = this.#options.http): Promise<string> {
    if (this.user.value === undefined) throw signedOut();
    const isOther = (access: Access | undefined): access is Access =>
      isGood(access) && access.token !== old && access.token !== this.#refused?.token;
    // Another tab may have done it while this one waited.
    if (isOther(this.#access)) return this.#access.token;
    const kept = this.#unsaved ?? (await this.#kept.load());
    if (kept === undefined) {
      this.#over('asked');
      throw signedOut();
    }
    if (isOther(kept.access)) {
      this.#adopt(userOf(kept), kept.access);
      return kept.access.token;
    }
    const nonce = kept.nonce ?? randomHex(32);
    // Kept before it is used: the answer may be lost, and this page with it.
    if (kept.nonce === undefined) await this.#keep({ ...kept, nonce });
    const asked = Date.now();
    let session: Session;
    try {
      session = await ask(http, 'auth.refresh', { refreshToken: kept.refreshToken, nonce });
    } catch (error) {
      if (!(error instanceof ClientError) || !finalCodes.has(error.code)) throw error;
      if (error.code === 'auth.banned') this.#options.onError?.(error);
      // A token that was taken back before its time was taken back by somebody.
      await this.#finish(error.code === 'auth.bad-token' && this.#refused?.early ? 'removed' : 'expired');
      throw signedOut();
    }
    return this.#take(session, asked, kept.did);
  }

  /** The end, in all tabs. Called with the lock held. */
  async #finish(reason: EndReason): Promise<void> {
    this.#options.tabs.post({ type: 'auth', is: 'ended', reason } satisfies Word);
    this.#over(reason);
    if (reason === 'expired') await this.#kept.remove();
    else await this.#forget();
  }

  /** The end, here. */
  #over(reason: EndReason): void {
    this.#renewal.stop();
    this.#access = undefined;
    this.#refused = undefined;
    this.#unsaved = undefined;
    if (this.user.value === undefined) return;
    this.user.set(undefined);
    this.#ended.emit(reason);
  }

  async #forget(): Promise<void> {
    const did = await this.#kept.device();
    await (this.#options.forget?.() ?? this.#options.storage.clear());
    await this.#kept.setDevice(did);
  }
}

const userOf = ({ uid, did }: SignedIn): SignedIn => ({ uid, ...(did !== undefined && { did }) });
