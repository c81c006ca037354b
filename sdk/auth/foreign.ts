import { ClientError } from '../errors.ts';
import { ask } from '../requests/ask.ts';
import { State } from '../signal.ts';
import { type Auth, type AuthOptions, type EndReason, type SignedIn, signedOut } from './auth.ts';
import { Emitter } from './emitter.ts';
import { type Access, Kept } from './kept.ts';
import { isGood, Renewal } from './renewal.ts';
import { claimsOf } from './token.ts';

/** Of a token that does not say when it ends. */
const lifeDefaultMs = 5 * 60_000;

/** Users of the application's own: it gives the tokens, and knows when a sign-in ends. */
export class ForeignAuth implements Auth {
  readonly user = new State<SignedIn | undefined>(undefined);
  readonly #options: AuthOptions & { readonly token: () => Promise<string> };
  readonly #kept: Kept;
  readonly #renewed = new Emitter<string>();
  readonly #ended = new Emitter<EndReason>();
  readonly #renewal = new Renewal(() => this.#renew());
  #access: Access | undefined;
  #renewing: Promise<string> | undefined;

  constructor(options: AuthOptions & { readonly token: () => Promise<string> }) {
    this.#options = options;
    this.#kept = new Kept(options.storage, false);
  }

  /** Whom the token names is signed in; where it cannot be known now, who was the last time. */
  async restore(): Promise<void> {
    if (this.user.value !== undefined) return;
    const owner = await this.#kept.owner();
    const user = await this.#who().catch((error: unknown) => {
      if (owner === undefined || !(error instanceof ClientError && error.retryable)) throw error;
      return { uid: owner };
    });
    if (owner !== user.uid) {
      if (owner !== undefined) await this.#forget();
      await this.#kept.setOwner(user.uid);
    }
    this.user.set(user);
  }

  async register(): Promise<void> {
    throw this.#notHere();
  }

  async signIn(): Promise<void> {
    throw this.#notHere();
  }

  /** Forgets what is kept here; what the application's token may do is the application's to end. */
  async signOut({ all = false }: { all?: boolean } = {}): Promise<void> {
    if (this.user.value === undefined) return;
    const ending = this.token().then((token) => ask(this.#options.http, 'auth.logout', { all }, token));
    if (all) await ending;
    else void ending.catch(() => {});
    this.#renewal.stop();
    this.#access = undefined;
    this.user.set(undefined);
    this.#ended.emit('asked');
    await this.#forget();
  }

  async token(): Promise<string> {
    if (this.user.value === undefined) throw signedOut();
    return isGood(this.#access) ? this.#access.token : this.#renew();
  }

  refused(token: string): void {
    if (this.#access?.token === token) this.#access = undefined;
  }

  banned(): void {
    this.#options.onError?.(new ClientError('auth.banned', 'This account is banned.'));
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
  }

  /** Petrel's own claims name the user; those of other issuers may do it in another way, which the server knows. */
  async #who(): Promise<SignedIn> {
    const token = await this.#renew();
    const { sub, did, isPetrels } = claimsOf(token);
    const uid =
      isPetrels && sub !== undefined ? sub : (await ask(this.#options.http, 'me.get', {}, token)).uid;
    return { uid, ...(did !== undefined && { did }) };
  }

  #renew(): Promise<string> {
    this.#renewing ??= this.#fetch().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #fetch(): Promise<string> {
    let token: string;
    try {
      token = await this.#options.token();
    } catch (cause) {
      throw new ClientError('client.no-token', 'The application gave no token.', { retryable: true, cause });
    }
    const now = Date.now();
    const lifeMs = Math.max(0, (claimsOf(token).expiresAt ?? now + lifeDefaultMs) - now);
    const before = this.#access?.token;
    this.#access = { token, expiresAt: now + lifeMs, lifeMs };
    this.#renewal.plan(this.#access);
    if (before !== undefined && token !== before) this.#renewed.emit(token);
    return token;
  }

  async #forget(): Promise<void> {
    const did = await this.#kept.device();
    await (this.#options.forget?.() ?? this.#options.storage.clear());
    await this.#kept.setDevice(did);
  }

  #notHere(): ClientError {
    return new ClientError('client.not-here', 'Users of this client sign in with the application.');
  }
}
