import type { StoredSubscription } from '../../store/sessions.ts';
import type { Session } from '../hub/session.ts';
import type { State } from './state.ts';

/** One session's subscription to `presence/{uid}`. */
export interface Watch {
  readonly subscription: StoredSubscription;
  /** What it was told last; undefined before the first time. */
  shown: State | undefined;
}

const nobody: ReadonlyMap<Session, Watch> = new Map();

/** Who watches whom. */
export class Watches {
  readonly #watchers = new Map<string, Map<Session, Watch>>();
  readonly #watched = new Map<Session, Set<string>>();

  isWatched(uid: string): boolean {
    return this.#watchers.has(uid);
  }

  watched(): IterableIterator<string> {
    return this.#watchers.keys();
  }

  /** Those who watch the user, as of now. */
  of(uid: string): [session: Session, watch: Watch][] {
    return [...(this.#watchers.get(uid) ?? nobody)];
  }

  watchedBy(session: Session): string[] {
    return [...(this.#watched.get(session) ?? [])];
  }

  get(session: Session, uid: string): Watch | undefined {
    return this.#watchers.get(uid)?.get(session);
  }

  set(session: Session, uid: string, watch: Watch): void {
    const watchers = this.#watchers.get(uid) ?? new Map<Session, Watch>();
    this.#watchers.set(uid, watchers.set(session, watch));
    const watched = this.#watched.get(session) ?? new Set<string>();
    this.#watched.set(session, watched.add(uid));
  }

  /** Whether there was something to end. */
  delete(session: Session, uid: string): boolean {
    this.#watched.get(session)?.delete(uid);
    const watchers = this.#watchers.get(uid);
    const known = watchers?.delete(session) ?? false;
    if (watchers?.size === 0) this.#watchers.delete(uid);
    return known;
  }

  leave(session: Session): void {
    for (const uid of this.watchedBy(session)) this.delete(session, uid);
    this.#watched.delete(session);
  }
}
