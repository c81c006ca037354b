import type { StoredSubscription } from '../store/sessions.ts';
import type { Properties } from './gate/properties.ts';
import { publish } from './gate/writer.ts';
import { packetIdOf } from './hub/inflight.ts';
import type { Session } from './hub/session.ts';

/** What `presence/{uid}` says. `ts`: since when, ms, as far as this server knows. */
interface State {
  readonly online: boolean;
  readonly ts: number;
}

export interface PresenceOptions {
  /** Whether the user has a connection. */
  readonly online: (uid: string) => boolean;
  /** Whether the watcher may see the other's presence now. */
  readonly allowed: (watcher: string, uid: string) => Promise<boolean>;
  readonly now: () => number;
}

/** States of users nobody watches are forgotten beyond this many. */
const maxStates = 100_000;
/** A user who is back within this time was never gone: reconnects are no news. */
const graceMs = 1000;

/**
 * Who is online, for those who watch `presence/{uid}`: the state is sent retained when they subscribe, and then each time
 * it changes. It is never stored; a user whom this server has not seen since its start is offline since then.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #startedAt: number;
  readonly #states = new Map<string, State>();
  readonly #watchers = new Map<string, Map<Session, StoredSubscription>>();
  readonly #watched = new Map<Session, Set<string>>();
  readonly #leaving = new Map<string, NodeJS.Timeout>();

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#startedAt = options.now();
  }

  /** The hub saw the user's first connection come, or the last one go. */
  changed(uid: string): void {
    if (this.#options.online(uid)) {
      clearTimeout(this.#leaving.get(uid));
      this.#leaving.delete(uid);
      this.#settle(uid);
    } else if (!this.#leaving.has(uid)) {
      const timer = setTimeout(() => {
        this.#leaving.delete(uid);
        this.#settle(uid);
      }, graceMs);
      this.#leaving.set(uid, timer.unref());
    }
  }

  #settle(uid: string): void {
    const online = this.#options.online(uid);
    if (this.#states.get(uid)?.online === online) return;
    if (this.#states.size >= maxStates) this.#states.delete(this.#states.keys().next().value!);
    this.#states.delete(uid);
    this.#states.set(uid, { online, ts: this.#options.now() });
    void this.#announce(uid);
  }

  /** What may be seen can change while it is watched: each change asks again. */
  async #announce(uid: string): Promise<void> {
    for (const [session, subscription] of [...(this.#watchers.get(uid) ?? [])]) {
      const allowed = await this.#options.allowed(session.user.uid, uid).catch(() => false);
      if (allowed && !session.closed) this.#send(session, uid, subscription, false);
    }
  }

  /**
   * Begins to watch. Answers a function that sends the state as it is, retained, to be called after the SUBACK; undefined
   * where the user may not see it. Rejects where that cannot be known now.
   */
  async watch(
    session: Session,
    uid: string,
    subscription: StoredSubscription,
  ): Promise<(() => void) | undefined> {
    if (!(await this.#options.allowed(session.user.uid, uid))) return undefined;
    const watchers = this.#watchers.get(uid) ?? new Map<Session, StoredSubscription>();
    const isNew = !watchers.has(session);
    this.#watchers.set(uid, watchers.set(session, subscription));
    const watched = this.#watched.get(session) ?? new Set<string>();
    this.#watched.set(session, watched.add(uid));
    // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]
    const handling = subscription.retainHandling ?? 0;
    const wanted = handling === 0 || (handling === 1 && isNew);
    return () => {
      if (wanted && !session.closed) this.#send(session, uid, subscription, true);
    };
  }

  /** Whether there was something to end. */
  unwatch(session: Session, uid: string): boolean {
    this.#watched.get(session)?.delete(uid);
    const watchers = this.#watchers.get(uid);
    const known = watchers?.delete(session) ?? false;
    if (watchers?.size === 0) this.#watchers.delete(uid);
    return known;
  }

  /** The session's watches, for the stored session. */
  subscriptionsOf(session: Session): StoredSubscription[] {
    return [...(this.#watched.get(session) ?? [])].flatMap(
      (uid) => this.#watchers.get(uid)?.get(session) ?? [],
    );
  }

  /** The connection ended. */
  leave(session: Session): void {
    for (const uid of this.#watched.get(session) ?? []) this.unwatch(session, uid);
    this.#watched.delete(session);
  }

  #send(session: Session, uid: string, subscription: StoredSubscription, retained: boolean): void {
    const { online, ts } = this.#states.get(uid) ?? { online: false, ts: this.#startedAt };
    const payload = Buffer.from(JSON.stringify({ uid, online, ts }));
    const properties: Properties | undefined =
      subscription.identifier === undefined
        ? undefined
        : { subscriptionIdentifiers: [subscription.identifier] };
    const qos = subscription.qos === 0 ? 0 : 1;
    session.sendAside(
      (ordinal) =>
        publish(session.link.version, {
          topic: `presence/${uid}`,
          payload,
          qos,
          retain: retained || subscription.retainAsPublished === true,
          id: packetIdOf(ordinal),
          ...(properties === undefined ? {} : { properties }),
        }),
      qos,
    );
  }

  close(): void {
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    this.#leaving.clear();
  }
}
