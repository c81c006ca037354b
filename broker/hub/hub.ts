import { type Conv, type ConvId, groupConv, parseConv, type StoredEvent } from '../../schemas/event.ts';
import type { Bus, BusMessage, BusTopic, Notice } from '../../store/bus.ts';
import type { SessionStore, StoredSession } from '../../store/sessions.ts';
import type { Timeline } from '../../store/timeline.ts';
import { publish } from '../gate/writer.ts';
import { Arrivals } from './arrivals.ts';
import { Audience, type UserNode } from './audience.ts';
import { HubEvent } from './event.ts';
import { Ordinals, packetIdOf } from './inflight.ts';
import { Partings } from './partings.ts';
import { Progress, type ProgressPace } from './progress.ts';
import { RecentEvents } from './recent.ts';
import { Replays } from './replay.ts';
import { Session, type SessionInit } from './session.ts';

/** Plain counters, read when metrics are collected. */
export interface HubCounters {
  deliveries: number;
  replayed: number;
}

export interface HubOptions {
  readonly timeline: Timeline;
  readonly sessions: SessionStore;
  readonly bus: Bus;
  readonly groupsOf: (uid: string) => Promise<readonly { readonly gid: string; readonly since: number }[]>;
  /** What the user removed from their view, up to which seq: it is not replayed to them. */
  readonly clearedOf?: (uid: string) => Promise<readonly { readonly conv: ConvId; readonly seq: number }[]>;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  /** A connection of the user came or went. */
  readonly onPresence?: (uid: string) => void;
  /** How seldom progress is written; with every flush where absent. */
  readonly pace?: ProgressPace;
  /** How long a session may lag without progress, ms. */
  readonly maxLagMs?: number;
}

const recentBytes = 16 * 1024 * 1024;
const maxParsedConvs = 20_000;
const flushMs = 1000;

/**
 * Delivers events to the connected sessions of a node: the users of a direct conversation, the members of a group.
 * It holds local online members only; a group's size costs nothing here.
 */
export class Hub {
  readonly ordinals = new Ordinals();
  readonly recent = new RecentEvents(recentBytes);
  readonly counters: HubCounters = { deliveries: 0, replayed: 0 };
  readonly now: () => number;
  readonly progress: Progress;
  readonly #audience: Audience;
  readonly #replays: Replays;
  readonly #partings = new Partings();
  readonly #arrivals: Arrivals;
  readonly #parsed = new Map<ConvId, Conv>();
  readonly #options: HubOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #leaveBus: readonly (() => void)[];
  #flushing: Promise<void> = Promise.resolve();

  constructor(options: HubOptions) {
    this.#options = options;
    this.now = options.now;
    this.progress = new Progress(options, options.pace);
    const { bus } = options;
    this.#audience = new Audience(options);
    this.#replays = new Replays({ ...options, audience: this.#audience });
    this.#arrivals = new Arrivals({
      timeline: options.timeline,
      listening: (gid) => this.#audience.listening(gid),
      failed: (error, users) => {
        this.readFailed(error);
        this.#replays.add(users);
      },
    });
    this.#leaveBus = [bus.subscribe((message) => this.#onBus(message)), bus.onLoss(() => this.replay())];
    this.#timer = setInterval(() => this.#sweep(), flushMs);
    this.#timer.unref();
  }

  /** The user's node for a session to come; its groups are known when `loaded` settles. `attach` or `release` must follow. */
  claim(uid: string): UserNode {
    return this.#audience.claim(uid);
  }

  /** Gives a claim up. */
  release(user: UserNode): void {
    this.#audience.release(user);
  }

  /** Makes the session, on a claimed user, and lets it hear what happens from now on. */
  attach(init: SessionInit): Session {
    const session = new Session(this, init);
    this.#audience.attach(session.user, session);
    this.#options.onPresence?.(session.user.uid);
    return session;
  }

  /** Events may be stored that nobody told of: what sessions missed is sent to them, over time. */
  replay(): void {
    this.recent.clear();
    this.#replays.add(this.#audience.users.values());
  }

  /** Whether the user's sessions are still to be compared with what is stored. */
  isUnsure(user: UserNode): boolean {
    return this.#replays.isUnsure(user);
  }

  /** On resume: marks every conversation that is ahead of the session, then opens it. */
  async resume(session: Session): Promise<void> {
    const { timeline, clearedOf } = this.#options;
    const { uid, inboxTopic, groups } = session.user;
    const gids = [...groups.keys()];
    const [directs, heads, removed] = await Promise.all([
      timeline.directs(uid),
      timeline.heads(gids.map(groupConv)),
      clearedOf?.(uid) ?? [],
    ]);
    const cleared = new Map(removed.map(({ conv, seq }) => [conv, seq]));
    for (const { conv, head } of directs)
      session.resume(conv, head.seq, inboxTopic, undefined, cleared.get(conv));
    for (const [i, gid] of gids.entries()) {
      const [head, group, conv] = [heads[i], this.#audience.groups.get(gid), groupConv(gid)];
      // Who has left meanwhile has nothing to take up there.
      if (head !== undefined && group !== undefined && groups.has(gid))
        session.resume(conv, head.seq, group.topic, gid, cleared.get(conv));
    }
  }

  /** Takes the session out; what it acknowledged is in its positions. */
  detach(session: Session): void {
    if (session.closed) return;
    session.close();
    this.#audience.detach(session.user, session);
    this.#options.onPresence?.(session.user.uid);
  }

  #parse(id: ConvId): Conv | undefined {
    const known = this.#parsed.get(id);
    if (known !== undefined) return known;
    const conv = parseConv(id);
    if (conv !== undefined) {
      if (this.#parsed.size >= maxParsedConvs) this.#parsed.clear();
      this.#parsed.set(id, conv);
    }
    return conv;
  }

  /** A new event, in seq order of its conversation. One of two users that came by the topic of one of them is for this one. */
  onEvent(stored: StoredEvent, rewrites: boolean, topic?: BusTopic): void {
    if (rewrites) this.recent.forget(stored.conv);
    const conv = this.#parse(stored.conv);
    if (conv === undefined) return;
    const event = new HubEvent(stored);
    const ordinal = this.ordinals.next();
    if (conv.kind === 'group') {
      this.#deliverToGroup(conv.gid, event, ordinal);
      if (this.#partings.any)
        for (const uid of this.#partings.endingWith(conv.gid, stored)) this.leave(conv.gid, uid);
    } else if (topic !== undefined) {
      this.#deliverToUser(topic.slice(2), event, ordinal);
    } else {
      this.#deliverToUser(conv.a, event, ordinal);
      if (conv.a !== conv.b) this.#deliverToUser(conv.b, event, ordinal);
    }
    event.release();
  }

  #deliverToGroup(gid: string, event: HubEvent, ordinal: number): void {
    const group = this.#audience.groups.get(gid);
    if (group === undefined) return;
    for (const session of group.sessions) session.deliver(event, group.topic, ordinal, gid);
  }

  #deliverToUser(uid: string, event: HubEvent, ordinal: number): void {
    const user = this.#audience.users.get(uid);
    if (user === undefined) return;
    for (const session of user.sessions) session.deliver(event, user.inboxTopic, ordinal, undefined);
  }

  async read(conv: ConvId, after: number, limit: number): Promise<HubEvent[]> {
    const stored = await this.#options.timeline.range({ conv, after, limit });
    const events = stored.map((event) => new HubEvent(event));
    const group = this.#partings.any ? this.#parse(conv) : undefined;
    // A departure is read before it is told of where its worker died in between.
    if (group?.kind === 'group')
      for (const [i, event] of stored.entries()) events[i]!.endsFor = this.#partings.lastOf(group.gid, event);
    return events;
  }

  readFailed(error: unknown): void {
    this.#options.onError(error);
  }

  /** Tells the user's connections on this node. Typing goes at QoS 0, all else at QoS 1. */
  notify(uid: string, notice: Notice, except?: string): void {
    const user = this.#audience.users.get(uid);
    if (user === undefined) return;
    for (const session of user.sessions)
      if (except === undefined || session.did !== except) this.notifySession(session, notice);
  }

  notifySession(session: Session, notice: Notice): void {
    const wish = session.wishes.notices;
    if (wish === 'silent') return;
    const qos = notice.type === 'typing' ? 0 : (wish?.qos ?? 1);
    const payload = Buffer.from(JSON.stringify({ ...notice, ts: this.now() }));
    const topic = `n/${session.user.uid}`;
    // [MQTT-3.1.2-25] what is larger than the client takes is left out
    if (payload.length + topic.length + 16 > session.link.maxPacketSize) return;
    const properties =
      wish?.identifier === undefined ? undefined : { subscriptionIdentifiers: [wish.identifier] };
    session.sendAside(
      (ordinal) =>
        publish(session.link.version, {
          topic,
          payload,
          qos,
          id: packetIdOf(ordinal),
          ...(properties === undefined ? {} : { properties }),
        }),
      qos,
    );
  }

  /** The connected members of a group on this node. */
  *membersOnline(gid: string): IterableIterator<Session> {
    yield* this.#audience.groups.get(gid)?.sessions ?? [];
  }

  sessionsOf(uid: string): readonly Session[] {
    return this.#audience.users.get(uid)?.sessions ?? [];
  }

  get lagging(): number {
    let lagging = 0;
    for (const user of this.#audience.users.values()) {
      for (const session of user.sessions) if (session.lagging) lagging++;
    }
    return lagging;
  }

  #onBus(message: BusMessage): void {
    if (message.type === 'notice') this.notify(message.uid, message.notice, message.except);
    else if (message.type === 'membership') this.#onMembership(message.gid, message.uid, message.since);
    else if (message.type === 'parting') this.#partings.announce(message.gid, message.id, message.uids);
    else if (message.type === 'opened') {
      for (const { user } of this.membersOnline(message.gid)) user.groups.set(message.gid, 1);
    } else if (message.type === 'end') {
      for (const session of [...this.sessionsOf(message.uid)]) {
        const { did, sids, until } = message;
        if (until !== undefined && (session.link.openedAt ?? 0) > until) continue;
        if (did !== undefined && did !== session.did) continue;
        if (sids !== undefined && !sids.includes(session.link.sid ?? '')) continue;
        if (message.forget) session.link.expire();
        session.link.end(message.reason, 'Ended by the server.');
      }
    }
  }

  #onMembership(gid: string, uid: string, since: number | undefined): void {
    if (since === undefined) {
      this.#partings.forget(gid);
      this.leave(gid, uid);
      return;
    }
    const user = this.#audience.users.get(uid);
    user?.changed?.add(gid);
    if (user === undefined || user.groups.has(gid)) return;
    this.#audience.join(user, gid, since);
    const { topic } = this.#audience.groups.get(gid)!;
    for (const session of user.sessions) {
      session.joinGroup(groupConv(gid), since, topic, gid);
      this.#arrivals.add(gid, session);
    }
  }

  /** The user is out of the group: the user's sessions get nothing more of it. */
  leave(gid: string, uid: string): void {
    const user = this.#audience.users.get(uid);
    user?.changed?.add(gid);
    if (user !== undefined) this.#audience.leave(user, gid);
  }

  #sweep(): void {
    const now = this.now();
    const maxLagMs = this.#options.maxLagMs ?? 600_000;
    for (const user of this.#audience.users.values()) {
      for (const session of user.sessions) session.checkProgress(now, maxLagMs);
    }
    this.#flushing = this.#flushing.then(() => this.#flush());
  }

  async #flush(all = false): Promise<void> {
    try {
      await this.progress.flush(all);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  /** Writes what is not written yet. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const leave of this.#leaveBus) leave();
    this.#replays.close();
    await this.#flushing;
    await this.#flush(true);
  }
}

/** The stored form of a session as it stands. */
export const storedForm = (
  session: Session,
  custom: StoredSession['subscriptions'],
  expirySeconds: number,
  disconnectedAt?: number,
  received: readonly number[] = [],
): StoredSession => ({
  uid: session.user.uid,
  clientId: session.clientId,
  ...(session.did !== session.clientId && { did: session.did }),
  createdAt: session.stored?.createdAt ?? 0,
  expirySeconds,
  ...(disconnectedAt === undefined ? {} : { disconnectedAt }),
  positions: session.positions(),
  subscriptions: [...session.wishes.subscriptions(), ...custom],
  silenced: session.wishes.silenced(),
  ...(received.length === 0 ? {} : { received }),
});
