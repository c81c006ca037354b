import { anonymousUid } from '../../schemas/identity.ts';
import type { Absence, DirectoryDevices } from '../../store/directory.ts';
import { absenceGraceMs } from '../../store/online.ts';
import type { Session } from '../hub/session.ts';
import { Batches } from './batches.ts';
import { listOf, offline, readStatus, type State } from './state.ts';
import type { States } from './states.ts';

export interface LocalStatesOptions {
  /** The user's sessions. */
  readonly sessionsOf: (uid: string) => readonly Session[];
  readonly directory: Pick<DirectoryDevices, 'absences' | 'putStatus'>;
  readonly now: () => number;
  readonly graceMs?: number;
}

interface Leaving {
  readonly timer: NodeJS.Timeout;
  /** ms. */
  at: number;
}

/** States of users nobody asks for are forgotten beyond this many. */
const maxKnown = 100_000;

/** The states of users of a server that is one process: who is connected is known here alone; the rest the directory knows. */
export class LocalStates implements States {
  readonly #options: LocalStatesOptions;
  readonly #startedAt: number;
  readonly #absences: Batches<Absence>;
  readonly #known = new Map<string, State>();
  readonly #leaving = new Map<string, Leaving>();
  /** What is being written. */
  readonly #writing = new Set<Promise<void>>();
  #changed: (uid: string) => void = () => {};

  constructor(options: LocalStatesOptions) {
    this.#options = options;
    this.#startedAt = options.now();
    this.#absences = new Batches((uids) => options.directory.absences(uids));
  }

  onChange(handler: (uid: string) => void): void {
    this.#changed = handler;
  }

  hold(): undefined {}

  release(): void {}

  /** A connection of the user came or went. */
  changed(uid: string): void {
    if (uid === anonymousUid) return;
    const state = this.#known.get(uid);
    const current = this.#current(uid);
    const lost =
      current === undefined ||
      (state?.platforms?.some((platform) => !current.includes(platform)) === true &&
        current.every((platform) => state.platforms!.includes(platform)));
    if (!lost) {
      this.#stay(uid);
      this.#settle(uid);
      return;
    }
    const at = this.#options.now();
    const leaving = this.#leaving.get(uid);
    if (leaving !== undefined) leaving.at = at;
    else {
      const timer = setTimeout(() => this.#settle(uid), this.#options.graceMs ?? absenceGraceMs);
      this.#leaving.set(uid, { at, timer: timer.unref() });
    }
  }

  /** The platforms of the user's connections; undefined where there is none. */
  #current(uid: string) {
    const sessions = this.#options.sessionsOf(uid);
    if (sessions.length === 0) return undefined;
    return listOf(new Set(sessions.map(({ platform }) => platform)));
  }

  #stay(uid: string): number | undefined {
    const leaving = this.#leaving.get(uid);
    if (leaving === undefined) return undefined;
    clearTimeout(leaving.timer);
    this.#leaving.delete(uid);
    return leaving.at;
  }

  #settle(uid: string): void {
    const now = this.#options.now();
    const leftAt = this.#stay(uid) ?? now;
    const before = this.#known.get(uid);
    const platforms = this.#current(uid);
    if (platforms === undefined) {
      if (before?.online === false) return;
      this.#keep(uid, offline(leftAt));
    } else {
      if (before?.online === true && before.platforms === platforms) return;
      this.#keep(uid, { online: true, ts: before?.online === true ? before.ts : now, platforms });
    }
    this.#changed(uid);
  }

  #keep(uid: string, state: State): State {
    if (!this.#known.has(uid) && this.#known.size >= maxKnown)
      this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(uid, state);
    return state;
  }

  async will(uid: string, payload: Buffer): Promise<void> {
    // Another connection of the user speaks for itself.
    if (this.#options.sessionsOf(uid).length > 0) return;
    const leftAt = this.#stay(uid);
    const now = this.#options.now();
    const before = this.#known.get(uid);
    const status = readStatus(payload);
    this.#keep(uid, offline(before?.online === false ? before.ts : (leftAt ?? now), status));
    this.#changed(uid);
    if (status === undefined) return;
    const writing = this.#options.directory.putStatus(uid, status, now);
    const settled = writing.catch(() => undefined);
    this.#writing.add(settled);
    void settled.then(() => this.#writing.delete(settled));
    await writing;
  }

  async of(uid: string): Promise<State> {
    const known = this.#known.get(uid);
    if (known !== undefined) return known;
    const absence = await this.#absences.of(uid);
    const meanwhile = this.#known.get(uid);
    if (meanwhile !== undefined) return meanwhile;
    const platforms = this.#current(uid);
    if (platforms !== undefined) return this.#keep(uid, { online: true, ts: this.#options.now(), platforms });
    const { lastSeen = 0, statusAt = 0, status } = absence ?? {};
    // Who was seen after the will has been online again.
    return this.#keep(
      uid,
      statusAt > 0 && statusAt >= lastSeen
        ? offline(lastSeen || statusAt, status)
        : offline(lastSeen || this.#startedAt),
    );
  }

  async close(): Promise<void> {
    for (const { timer } of this.#leaving.values()) clearTimeout(timer);
    this.#leaving.clear();
    await Promise.all(this.#writing);
  }
}
