import type { Sight } from '../policy/presence.ts';
import { anonymousUid } from '../schemas/identity.ts';
import type { Bus } from '../store/bus.ts';
import type { DirectoryDevices } from '../store/directory.ts';
import type { StoredSubscription } from '../store/sessions.ts';
import type { Properties } from './gate/properties.ts';
import { publish } from './gate/writer.ts';
import { packetIdOf } from './hub/inflight.ts';
import type { Session } from './hub/session.ts';
import { Absences } from './presence/absences.ts';
import { isSame, listOf, offline, readStatus, type State, toPayload } from './presence/state.ts';
import { type Watch, Watches } from './presence/watches.ts';

export interface PresenceOptions {
  /** The user's sessions. */
  readonly sessionsOf: (uid: string) => readonly Session[];
  readonly sight: Pick<Sight, 'maySee' | 'isHidden'>;
  readonly directory: Pick<DirectoryDevices, 'absences' | 'putStatus'>;
  readonly bus: Bus;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  /** A user who is back within this time was never gone: reconnects are no news. */
  readonly graceMs?: number;
}

/** What is known of a user. */
interface Known {
  state: State;
  /** As others see an invisible user; read when it is needed. */
  hidden?: State | undefined;
}

interface Leaving {
  readonly timer: NodeJS.Timeout;
  /** ms. */
  at: number;
}

/** States of users nobody asks for are forgotten beyond this many. */
const maxKnown = 100_000;
const defaultGraceMs = 1000;

/**
 * Who is online, for those who watch `presence/{uid}`: the state is sent retained when they subscribe, and then each time
 * it changes, for as long as they may see it. Who is connected is known here alone; since when others are not, the
 * directory knows.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #startedAt: number;
  readonly #absences: Absences;
  readonly #known = new Map<string, Known>();
  readonly #watches = new Watches();
  readonly #leaving = new Map<string, Leaving>();
  /** Users whose watchers are being told; true where they have to be told again. */
  readonly #telling = new Map<string, boolean>();
  readonly #leaveBus: () => void;
  /** What is being written. */
  readonly #writing = new Set<Promise<void>>();

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#startedAt = options.now();
    this.#absences = new Absences(options.directory);
    this.#leaveBus = options.bus.subscribe((message) => {
      if (message.type === 'stale' && message.user !== undefined) this.#onStale(message.user);
    });
  }

  /** A connection of the user came or went. */
  changed(uid: string): void {
    if (uid === anonymousUid) return;
    const state = this.#known.get(uid)?.state;
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
      const timer = setTimeout(() => this.#settle(uid), this.#options.graceMs ?? defaultGraceMs);
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
    const known = this.#known.get(uid);
    const before = known?.state;
    const platforms = this.#current(uid);
    if (platforms === undefined) {
      if (before?.online === false) return;
      this.#keep(uid, offline(leftAt));
    } else {
      if (before?.online === true && before.platforms === platforms) return;
      this.#keep(uid, { online: true, ts: before?.online === true ? before.ts : now, platforms });
    }
    this.#tell(uid);
  }

  #keep(uid: string, state: State): Known {
    const known = this.#known.get(uid);
    if (known !== undefined) {
      known.state = state;
      return known;
    }
    if (this.#known.size >= maxKnown) this.#known.delete(this.#known.keys().next().value!);
    const made: Known = { state };
    this.#known.set(uid, made);
    return made;
  }

  /** The will of a connection that is gone: what it says is kept until the user is online again; durable when it resolves. */
  async will(uid: string, payload: Buffer): Promise<void> {
    // Another connection of the user speaks for itself.
    if (this.#options.sessionsOf(uid).length > 0) return;
    const leftAt = this.#stay(uid);
    const now = this.#options.now();
    const before = this.#known.get(uid)?.state;
    const status = readStatus(payload);
    this.#keep(uid, offline(before?.online === false ? before.ts : (leftAt ?? now), status));
    this.#tell(uid);
    if (status === undefined) return;
    const writing = this.#options.directory.putStatus(uid, status, now);
    const settled = writing.catch(() => undefined);
    this.#writing.add(settled);
    void settled.then(() => this.#writing.delete(settled));
    await writing;
  }

  async #of(uid: string): Promise<Known> {
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

  /** The user's state as the watcher may see it now; undefined where they may not. */
  async #view(watcher: string, uid: string): Promise<State | undefined> {
    const { sight } = this.#options;
    if (!(await sight.maySee(watcher, uid))) return undefined;
    const hidden = watcher !== uid && (await sight.isHidden(uid));
    const known = await this.#of(uid);
    if (!hidden) return known.state;
    if (known.hidden === undefined) {
      const since = (await this.#absences.of(uid))?.hiddenAt;
      const { online, ts } = known.state;
      known.hidden ??= offline(since || (online ? this.#options.now() : ts));
    }
    return known.hidden;
  }

  /** The same for those who ask otherwise. */
  async presenceOf(watcher: string, uid: string): Promise<Omit<State, 'status'> | undefined> {
    const state = await this.#view(watcher, uid);
    if (state === undefined) return undefined;
    const { status: _, ...shown } = state;
    return shown;
  }

  /** What may be seen can change while it is watched: each change asks again, one after the other. */
  #tell(uid: string): void {
    if (!this.#watches.isWatched(uid)) return;
    if (this.#telling.has(uid)) {
      this.#telling.set(uid, true);
      return;
    }
    void this.#tellAll(uid);
  }

  async #tellAll(uid: string): Promise<void> {
    do {
      this.#telling.set(uid, false);
      for (const [session, watch] of this.#watches.of(uid)) {
        try {
          const view = await this.#view(session.user.uid, uid);
          if (!session.closed && this.#watches.get(session, uid) === watch)
            this.#update(session, uid, watch, view);
        } catch (error) {
          // What cannot be known now is not told.
          this.#options.onError(error);
        }
      }
    } while (this.#telling.get(uid) === true);
    this.#telling.delete(uid);
  }

  /** Tells the watcher what is new to them. Who may see no more what they saw is told that the user is gone. */
  #update(session: Session, uid: string, watch: Watch, view: State | undefined): void {
    if (view === undefined ? watch.shown?.online !== true : isSame(watch.shown, view)) return;
    watch.shown = view ?? offline(this.#options.now());
    this.#send(session, uid, watch, false);
  }

  /** Who sees whom may have changed: of this user, or of the pair `a>b`. */
  #onStale(user: string): void {
    const [first = '', second] = user.split('>');
    if (second !== undefined) {
      this.#tell(first);
      this.#tell(second);
      return;
    }
    const known = this.#known.get(first);
    if (known !== undefined) known.hidden = undefined;
    this.#tell(first);
    for (const session of this.#options.sessionsOf(first))
      for (const uid of this.#watches.watchedBy(session)) this.#tell(uid);
  }

  /**
   * Begins to watch. Answers a function that sends the state as it is, retained, to be called after the SUBACK; undefined
   * where the user may not see it. Rejects where that cannot be known now. A watch that is `resumed` is kept in any case:
   * it may be seen again.
   */
  async watch(
    session: Session,
    uid: string,
    subscription: StoredSubscription,
    resumed = false,
  ): Promise<(() => void) | undefined> {
    const view = await this.#view(session.user.uid, uid);
    if (session.closed || (view === undefined && !resumed)) return undefined;
    const isNew = this.#watches.get(session, uid) === undefined;
    const watch: Watch = { subscription, shown: undefined };
    this.#watches.set(session, uid, watch);
    if (view === undefined) return undefined;
    // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]
    const handling = subscription.retainHandling ?? 0;
    if (handling === 2 || (handling === 1 && !isNew)) watch.shown = view;
    return () => {
      // A change may have been told before.
      if (session.closed || watch.shown !== undefined) return;
      watch.shown = view;
      this.#send(session, uid, watch, true);
      // It may have changed on the way here.
      this.#tell(uid);
    };
  }

  /** Whether there was something to end. */
  unwatch(session: Session, uid: string): boolean {
    return this.#watches.delete(session, uid);
  }

  /** The session's watches, for the stored session. */
  subscriptionsOf(session: Session): StoredSubscription[] {
    return this.#watches
      .watchedBy(session)
      .flatMap((uid) => this.#watches.get(session, uid)?.subscription ?? []);
  }

  /** The connection ended. */
  leave(session: Session): void {
    this.#watches.leave(session);
  }

  #send(session: Session, uid: string, { subscription, shown }: Watch, retained: boolean): void {
    const payload = toPayload(uid, shown!);
    const { identifier, retainAsPublished } = subscription;
    const properties: Properties | undefined =
      identifier === undefined ? undefined : { subscriptionIdentifiers: [identifier] };
    const qos = subscription.qos === 0 ? 0 : 1;
    session.sendAside(
      (ordinal) =>
        publish(session.link.version, {
          topic: `presence/${uid}`,
          payload,
          qos,
          retain: retained || retainAsPublished === true,
          id: packetIdOf(ordinal),
          ...(properties === undefined ? {} : { properties }),
        }),
      qos,
    );
  }

  async close(): Promise<void> {
    this.#leaveBus();
    for (const { timer } of this.#leaving.values()) clearTimeout(timer);
    this.#leaving.clear();
    await Promise.all(this.#writing);
  }
}
