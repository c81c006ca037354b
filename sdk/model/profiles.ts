import { type Signal, State } from '../signal.ts';
import type { Storage } from '../storage.ts';
import type { Profile } from '../types.ts';
import type { Request } from './request.ts';

/** A profile that is older is fetched again when somebody asks for it. */
const freshMs = 10 * 60 * 1000;
const atOnce = 4;

interface Kept {
  readonly profile: Profile;
  /** When it was fetched, ms. */
  readonly at: number;
}

export interface ProfilesOptions {
  readonly storage: Pick<Storage, 'get' | 'write'>;
  readonly request: Request;
  readonly now: () => number;
}

/** Names and pictures of users: shown from the storage at once, fetched a few at a time, and seldom again. */
export class Profiles {
  readonly #options: ProfilesOptions;
  readonly #signals = new Map<string, State<Profile | undefined>>();
  /** Asked for, the newest last: what is on the screen now goes first. */
  readonly #queue = new Set<string>();
  readonly #fetched = new Map<string, number>();
  #running = 0;
  #isClosed = false;

  constructor(options: ProfilesOptions) {
    this.#options = options;
  }

  of(uid: string): Signal<Profile | undefined> {
    const known = this.#signals.get(uid);
    if (known !== undefined) {
      if (this.#options.now() - (this.#fetched.get(uid) ?? 0) > freshMs) this.#enqueue(uid);
      return known;
    }
    const signal = new State<Profile | undefined>(undefined);
    this.#signals.set(uid, signal);
    void this.#load(uid);
    return signal;
  }

  /** What the server said elsewhere: a name in a list, one's own profile. */
  tell({ uid, name, avatar, bio }: Profile): void {
    const members = { uid, ...(name && { name }), ...(avatar && { avatar }), ...(bio && { bio }) };
    this.#queue.delete(uid);
    this.#fetched.set(uid, this.#options.now());
    void this.#keep(members).catch(() => this.#fetched.delete(uid));
  }

  /** Those that could not be fetched are fetched now. */
  retry(): void {
    for (const uid of this.#signals.keys()) if (!this.#fetched.has(uid)) this.#enqueue(uid);
  }

  close(): void {
    this.#isClosed = true;
    this.#queue.clear();
  }

  async #load(uid: string): Promise<void> {
    const { storage, now } = this.#options;
    const kept = await storage.get<Kept>('profiles', uid).catch(() => undefined);
    if (this.#isClosed) return;
    if (kept !== undefined) {
      this.#signals.get(uid)?.set(kept.profile);
      this.#fetched.set(uid, kept.at);
      if (now() - kept.at <= freshMs) return;
    }
    this.#enqueue(uid);
  }

  #enqueue(uid: string): void {
    this.#queue.delete(uid);
    this.#queue.add(uid);
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    while (this.#running < atOnce && !this.#isClosed) {
      const uid = [...this.#queue].at(-1);
      if (uid === undefined) return;
      this.#queue.delete(uid);
      this.#running++;
      void this.#fetch(uid).finally(() => {
        this.#running--;
        this.#pump();
      });
    }
  }

  async #fetch(uid: string): Promise<void> {
    const { request, now } = this.#options;
    this.#fetched.set(uid, now());
    try {
      const { presence: _, createdAt: __, ...profile } = await request('users.get', { uid });
      if (this.#isClosed) return;
      await this.#keep(profile as Profile);
    } catch (error) {
      const { code } = error as { code?: string };
      // Somebody who is not there stays unknown; whoever could not be asked for is asked for after the next connect.
      if (code !== 'user.not-found') this.#fetched.delete(uid);
    }
  }
  async #keep(profile: Profile): Promise<void> {
    const { storage, now } = this.#options;
    const signal = this.#signals.get(profile.uid);
    if (JSON.stringify(signal?.value) !== JSON.stringify(profile)) signal?.set(profile);
    const value: Kept = { profile, at: now() };
    await storage.write([{ table: 'profiles', key: profile.uid, value }]);
  }
}
