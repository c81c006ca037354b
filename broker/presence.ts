import type { Sight } from '../policy/presence.ts';
import type { Bus } from '../store/bus.ts';
import { chunked } from '../store/chunks.ts';
import type { Absence, DirectoryDevices } from '../store/directory.ts';
import type { StoredSubscription } from '../store/sessions.ts';
import type { Properties } from './gate/properties.ts';
import { publish } from './gate/writer.ts';
import { packetIdOf } from './hub/inflight.ts';
import type { Session } from './hub/session.ts';
import { Batches } from './presence/batches.ts';
import { isSame, offline, type State, toPayload } from './presence/state.ts';
import type { States } from './presence/states.ts';
import { type Watch, Watches } from './presence/watches.ts';

export interface PresenceOptions {
  readonly states: States;
  /** The user's sessions on this node. */
  readonly sessionsOf: (uid: string) => readonly Session[];
  readonly sight: Pick<Sight, 'maySee' | 'isHidden'>;
  readonly directory: Pick<DirectoryDevices, 'absences'>;
  readonly bus: Bus;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** What is shown of invisible users is forgotten beyond this many. */
const maxHidden = 100_000;
const toldAtOnce = 100;

/**
 * Who is online, for those who watch `presence/{uid}`: the state is sent retained when they subscribe, and then each time
 * it changes, for as long as they may see it.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #absences: Batches<Absence>;
  /** Invisible users as others see them. */
  readonly #hidden = new Map<string, State>();
  readonly #watches = new Watches();
  /** Users whose watchers are being told; true where they have to be told again. */
  readonly #telling = new Map<string, boolean>();
  readonly #ends: (() => void)[];
  #losses = 0;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#absences = new Batches((uids) => options.directory.absences(uids));
    options.states.onChange((uid) => this.#tell(uid));
    this.#ends = [
      options.bus.subscribe((message) => {
        if (message.type === 'stale' && message.user !== undefined) this.#onStale(message.user);
      }),
      options.bus.onLoss(() => void this.#onLoss()),
    ];
  }

  /** The will of a connection that is gone; durable when it resolves. */
  will(uid: string, payload: Buffer): Promise<void> {
    return this.#options.states.will(uid, payload);
  }

  /** The user's state as the watcher may see it now; undefined where they may not. */
  async #view(watcher: string, uid: string): Promise<State | undefined> {
    const { sight, states } = this.#options;
    if (!(await sight.maySee(watcher, uid))) return undefined;
    const hidden = watcher !== uid && (await sight.isHidden(uid));
    const state = await states.of(uid);
    if (!hidden) return state;
    const shown = this.#hidden.get(uid);
    if (shown !== undefined) return shown;
    const since = (await this.#absences.of(uid))?.hiddenAt;
    return this.#hide(uid, offline(since || (state.online ? this.#options.now() : state.ts)));
  }

  #hide(uid: string, state: State): State {
    const known = this.#hidden.get(uid);
    if (known !== undefined) return known;
    if (this.#hidden.size >= maxHidden) this.#hidden.delete(this.#hidden.keys().next().value!);
    this.#hidden.set(uid, state);
    return state;
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
    this.#hidden.delete(first);
    this.#tell(first);
    for (const session of this.#options.sessionsOf(first))
      for (const uid of this.#watches.watchedBy(session)) this.#tell(uid);
  }

  /** Who sees whom may have changed unheard: all is looked at again, a few at a time. */
  async #onLoss(): Promise<void> {
    const loss = ++this.#losses;
    this.#hidden.clear();
    for (const uids of chunked([...this.#watches.watched()], toldAtOnce)) {
      if (this.#losses !== loss) return;
      await Promise.all(uids.map((uid) => (this.#telling.has(uid) ? this.#tell(uid) : this.#tellAll(uid))));
    }
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
    const { states } = this.#options;
    // What changes from here on is heard of.
    const held = states.hold(uid);
    if (held !== undefined) await held;
    let isNew = false;
    let view: State | undefined;
    const watch: Watch = { subscription, shown: undefined };
    try {
      view = await this.#view(session.user.uid, uid);
      if (session.closed || (view === undefined && !resumed)) return undefined;
      isNew = this.#watches.get(session, uid) === undefined;
      this.#watches.set(session, uid, watch);
    } finally {
      // Each watch holds once.
      if (!isNew) states.release(uid);
    }
    if (view === undefined) return undefined;
    // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]
    const shown = view;
    const handling = subscription.retainHandling ?? 0;
    if (handling === 2 || (handling === 1 && !isNew)) watch.shown = view;
    return () => {
      // A change may have been told before.
      if (session.closed || watch.shown !== undefined) return;
      watch.shown = shown;
      this.#send(session, uid, watch, true);
      // It may have changed on the way here.
      this.#tell(uid);
    };
  }

  /** Whether there was something to end. */
  unwatch(session: Session, uid: string): boolean {
    const known = this.#watches.delete(session, uid);
    if (known) this.#options.states.release(uid);
    return known;
  }

  /** The session's watches, for the stored session. */
  subscriptionsOf(session: Session): StoredSubscription[] {
    return this.#watches
      .watchedBy(session)
      .flatMap((uid) => this.#watches.get(session, uid)?.subscription ?? []);
  }

  /** The connection ended. */
  leave(session: Session): void {
    for (const uid of this.#watches.watchedBy(session)) this.unwatch(session, uid);
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

  close(): Promise<void> {
    this.#losses++;
    for (const end of this.#ends) end();
    return this.#options.states.close();
  }
}
