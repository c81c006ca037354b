import type { ConvId, Head } from '../../schemas/event.ts';
import type { Platform } from '../../schemas/identity.ts';
import type { StoredSession } from '../../store/sessions.ts';
import { reasons } from '../gate/fault.ts';
import type { UserNode } from './audience.ts';
import type { HubEvent, TopicBytes } from './event.ts';
import type { Hub } from './hub.ts';
import { InFlight } from './inflight.ts';
import type { Link } from './link.ts';
import { findStart, replayLimit } from './start.ts';
import { createTrack, positionsOf, type Track, takePositions } from './track.ts';
import { type TopicWish, Wishes } from './wishes.ts';

const maxWaiting = 256;
/** The clocks of nodes differ by no more, ms. */
const clockMarginMs = 5000;

/** Makes a PUBLISH under this ordinal's packet id; 0 for QoS 0. */
export type FrameBuilder = (ordinal: number) => Buffer;

export interface SessionInit {
  readonly clientId: string;
  /** The device, for delivery cursors and remote sign-out. */
  readonly did: string;
  readonly platform?: Platform;
  readonly user: UserNode;
  readonly link: Link;
  /** How many unacknowledged deliveries the client takes. [MQTT-3.3.4-9] */
  readonly window: number;
  readonly maxBacklogBytes: number;
  /** The session as it was or is to be stored; absent for one that ends with its connection. */
  readonly stored?: StoredSession;
  readonly resumed: boolean;
}

/**
 * A connected session: what it was sent, what it acknowledged, and how it catches up. Past its window or byte limit
 * nothing queues for it: it is *behind*, and reads on from the timeline when the client has made room.
 */
export class Session {
  readonly clientId: string;
  readonly did: string;
  readonly platform: Platform | undefined;
  readonly user: UserNode;
  readonly link: Link;
  readonly stored: StoredSession | undefined;
  readonly resumed: boolean;
  readonly #hub: Hub;
  readonly #window: number;
  readonly #maxBacklog: number;
  readonly #inFlight = new InFlight();
  readonly #tracks = new Map<ConvId, Track>();
  #behind: Track[] = [];
  /** Tracks whose position is not saved yet. */
  #moved: Track[] = [];
  /** Notices and answers that wait for room in the window. */
  #waiting: FrameBuilder[] | undefined;
  /** Deliveries outside the hub (custom topics) that count in the window. */
  otherInFlight = 0;
  /** False until the CONNACK is out, and on resume until the heads are known: live events only mark tracks. */
  #ready = false;
  #reading = false;
  #closed = false;
  readonly #attachedAt: number;
  /** When the client last made progress, ms. */
  progressAt = 0;
  /** The stamp of its claim where `devices.policy` needs one; 0 before the CONNACK. */
  claimedAt = 0;
  readonly wishes: Wishes;

  constructor(hub: Hub, init: SessionInit) {
    this.#hub = hub;
    this.clientId = init.clientId;
    this.did = init.did;
    this.platform = init.platform;
    this.user = init.user;
    this.wishes = new Wishes(init.user.uid);
    this.link = init.link;
    this.#window = init.window;
    this.#maxBacklog = init.maxBacklogBytes;
    this.stored = init.stored;
    this.resumed = init.resumed;
    this.#attachedAt = hub.now();
  }

  get lagging(): boolean {
    return this.#behind.length > 0;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** How many more unacknowledged deliveries the client takes. */
  get room(): number {
    return this.#window - this.#inFlight.size - this.otherInFlight;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The client hears what happens: it has its CONNACK, and a resumed session knows what it missed. */
  get isOpen(): boolean {
    return this.#ready;
  }

  /** Live delivery of a new event; `ordinal` is the event's own, shared by its receivers. */
  deliver(event: HubEvent, topic: TopicBytes, ordinal: number, gid: string | undefined): void {
    const track = this.#tracks.get(event.conv) ?? this.#beginLive(event, topic, gid);
    if (track.behind) {
      // The same event may come again, behind newer ones.
      if (event.seq > track.head) track.head = event.seq;
      this.#hub.recent.add(event);
      return;
    }
    if (event.seq <= track.sent) return;
    if (event.seq !== track.sent + 1 || !this.#ready || !this.#hasRoom()) {
      this.#hub.recent.add(event);
      this.fallBehind(track, event.seq);
      return;
    }
    this.#transmit(track, event, ordinal);
  }

  #hasRoom(): boolean {
    return this.#inFlight.size + this.otherInFlight < this.#window && this.link.backlog < this.#maxBacklog;
  }

  /** The first event of a conversation; after a loss there may be others before it that did not come. */
  #beginLive({ conv, seq }: HubEvent, topic: TopicBytes, gid: string | undefined): Track {
    if (!this.#ready || !this.#hub.isUnsure(this.user)) return this.#begin(conv, seq, topic, gid);
    const track = this.#begin(conv, 1, topic, gid);
    if (this.stored?.positions[conv] === undefined && track.sent + 1 < seq)
      track.startTs = this.#attachedAt - clockMarginMs;
    return track;
  }

  #begin(conv: ConvId, seq: number, topic: TopicBytes, gid: string | undefined): Track {
    const since = gid === undefined ? 1 : (this.user.groups.get(gid) ?? 1);
    const position = this.stored?.positions[conv];
    const resuming = this.resumed && !this.#ready;
    // The position decides, on resume or else the session's own age; otherwise the session starts with this event.
    const start = resuming ? Math.min(position ?? 0, seq - 1) : (position ?? seq - 1);
    const sent = Math.max(start, since - 1);
    const track = createTrack(this, conv, topic, gid, sent);
    if (resuming && position === undefined) track.startTs = this.stored!.createdAt;
    this.#tracks.set(conv, track);
    return track;
  }

  /** On resume: what the conversation's head is; sends what the session has not acknowledged. */
  resume(conv: ConvId, head: number, topic: TopicBytes, gid: string | undefined, cleared = 0): void {
    const known = this.#tracks.get(conv);
    if (known === undefined && this.stored?.positions[conv] === head) return;
    const track = known ?? this.#begin(conv, head + 1, topic, gid);
    const silent = this.#wishOf(track) === 'silent';
    const skipped = silent ? head : Math.min(cleared, head);
    if (silent || skipped > track.sent) {
      track.sent = Math.max(track.sent, skipped);
      track.acked = track.sent;
    }
    if (silent || skipped === head) delete track.startTs;
    if (head <= track.sent) return;
    track.limited = true;
    this.fallBehind(track, head);
  }

  /** After a loss: what the conversation's head is; sends what was missed since the session is connected. */
  recover(conv: ConvId, head: Head, topic: TopicBytes, gid: string | undefined, cleared = 0): void {
    let track = this.#tracks.get(conv);
    if (track === undefined) {
      const position = this.stored?.positions[conv];
      const startTs = this.#attachedAt - clockMarginMs;
      if (position === undefined ? head.ts < startTs : head.seq <= position) return;
      track = this.#begin(conv, 1, topic, gid);
      if (position === undefined) track.startTs = startTs;
    }
    const since = gid === undefined ? 1 : (this.user.groups.get(gid) ?? 1);
    const silent = this.#wishOf(track) === 'silent';
    const skipped = silent ? head.seq : Math.max(Math.min(cleared, head.seq), since - 1);
    if (skipped > track.sent) {
      track.sent = skipped;
      track.acked = skipped;
    }
    if (skipped >= head.seq) delete track.startTs;
    if (head.seq > track.sent) this.fallBehind(track, head.seq);
  }

  fallBehind(track: Track, head: number): void {
    track.head = Math.max(track.head, head);
    if (track.behind) return;
    track.behind = true;
    if (this.#behind.length === 0) this.progressAt = this.#hub.now();
    this.#behind.push(track);
    this.pump();
  }

  /** The user became a member: events from `since` on are the session's. */
  joinGroup(conv: ConvId, since: number, topic: TopicBytes, gid: string): void {
    this.leaveGroup(conv);
    const track = this.#begin(conv, since, topic, gid);
    this.fallBehind(track, since);
  }

  /** More is stored than the session has heard of. */
  ahead(conv: ConvId, head: number): void {
    const track = this.#tracks.get(conv);
    if (track !== undefined && head > track.sent) this.fallBehind(track, head);
  }

  leaveGroup(conv: ConvId): void {
    const track = this.#tracks.get(conv);
    // What is being read just now is not sent any more.
    if (track !== undefined) track.behind = false;
    this.#tracks.delete(conv);
    this.#behind = this.#behind.filter((track) => track.conv !== conv);
  }

  /** The CONNACK is out (and on resume every head is marked): deliveries may go. */
  open(): void {
    this.#ready = true;
    this.progressAt = this.#hub.now();
    this.pump();
  }

  #wishOf(track: Track): TopicWish | undefined {
    return track.gid === undefined ? this.wishes.inbox : this.wishes.group(track.gid);
  }

  #transmit(track: Track, event: HubEvent, shared: number): void {
    track.sent = event.seq;
    const wish = this.#wishOf(track);
    if (wish === 'silent') {
      track.acked = event.seq;
      return;
    }
    const { link } = this;
    // [MQTT-3.1.2-25] what is larger than the client takes is left out, as if it had been sent
    if (event.bytes + track.topic.length + 16 > link.maxPacketSize) return;
    if (wish?.qos === 0) {
      track.acked = event.seq;
      link.send(event.frameWith(link.version, track.topic, 0, wish));
      return;
    }
    const ordinal = this.#freeOrdinal(shared);
    this.#inFlight.push(ordinal, event);
    this.#hub.counters.deliveries++;
    link.send(
      wish === undefined
        ? event.frame(link.version, track.topic, ordinal)
        : event.frameWith(link.version, track.topic, ordinal, wish),
    );
  }

  #freeOrdinal(shared: number): number {
    let ordinal = shared;
    while (this.#inFlight.collides(ordinal)) ordinal = this.#hub.ordinals.next();
    return ordinal;
  }

  /** A PUBACK of a hub delivery. Answers false where nothing of that id is in flight. */
  acknowledge(id: number): boolean {
    if (!this.#inFlight.acknowledge(id, this)) return false;
    if (this.#behind.length > 0 || this.#waiting !== undefined) this.#progress();
    return true;
  }

  /** A delivery outside the hub was acknowledged: what waits for room may go. */
  roomy(): void {
    if (this.#behind.length > 0 || this.#waiting !== undefined) this.#progress();
  }

  /** An event is acknowledged with all that was sent before it. */
  settle(event: HubEvent): void {
    const track = this.#tracks.get(event.conv);
    if (track === undefined || event.seq <= track.acked) return;
    track.acked = event.seq;
    if (this.stored !== undefined && !track.moved) {
      track.moved = true;
      if (this.#moved.length === 0) this.#hub.progress.positionsDue(this);
      this.#moved.push(track);
    }
    if (!track.cursorDue && event.from !== this.user.uid) {
      track.cursorDue = true;
      this.#hub.progress.cursorDue(track);
    }
  }

  #progress(): void {
    this.progressAt = this.#hub.now();
    while (this.#waiting !== undefined && this.#hasRoom()) {
      const build = this.#waiting.shift()!;
      if (this.#waiting.length === 0) this.#waiting = undefined;
      this.#sendFrame(build);
    }
    this.pump();
  }

  /**
   * Sends a notice or an answer. At QoS 1 it has its place in the window; where that is full it waits, and where too
   * many wait the newest is dropped (notices are no timeline).
   */
  sendAside(build: FrameBuilder, qos: number): void {
    if (qos === 0) this.link.send(build(0));
    else if (this.#waiting === undefined && this.#hasRoom()) this.#sendFrame(build);
    else {
      this.#waiting ??= [];
      if (this.#waiting.length < maxWaiting) this.#waiting.push(build);
    }
  }

  #sendFrame(build: FrameBuilder): void {
    const ordinal = this.#freeOrdinal(this.#hub.ordinals.next());
    this.#inFlight.push(ordinal, null);
    this.link.send(build(ordinal));
  }

  /** Sends what is due from the timeline, as far as the client has room. */
  pump(): void {
    while (this.#behind.length > 0 && this.#ready && !this.#reading && !this.#closed) {
      if (!this.#hasRoom()) return;
      const track = this.#behind[0]!;
      if (track.startTs !== undefined || (track.limited && track.head - track.sent > replayLimit)) {
        this.#read(findStart(this.#hub, this, track));
        return;
      }
      if (track.sent >= track.head) {
        track.behind = false;
        this.#behind.shift();
        continue;
      }
      const limit = Math.min(this.#window - this.#inFlight.size, 200);
      const events = this.#hub.recent.after(track.conv, track.sent, limit);
      if (events === undefined) {
        this.#read(this.#hub.read(track.conv, track.sent, limit).then((read) => this.#catchUp(track, read)));
        return;
      }
      this.#catchUp(track, events);
    }
  }

  #catchUp(track: Track, events: readonly HubEvent[]): void {
    if (this.#closed || !track.behind) return;
    // The store has nothing beyond: what was announced as head is not there (any more).
    if (events.length === 0) track.head = track.sent;
    for (const event of events) {
      // What is stored, but was not told of here yet, comes live: who left a group just now is not to get it.
      if (!this.#hasRoom() || event.seq > track.head || !track.behind) return;
      if (event.seq > track.sent) this.#transmit(track, event, this.#hub.ordinals.next());
      if (event.endsFor?.includes(this.user.uid)) this.#hub.leave(track.gid!, this.user.uid);
    }
    this.#hub.counters.replayed += events.length;
  }

  #read(work: Promise<void>): void {
    this.#reading = true;
    work.then(
      () => {
        this.#reading = false;
        this.pump();
      },
      (error: unknown) => {
        // The hub's sweep pumps again: the timeline is away for now.
        this.#reading = false;
        this.#hub.readFailed(error);
      },
    );
  }

  /** After a long time without progress the session is ended; it loses nothing. */
  checkProgress(now: number, maxLagMs: number): void {
    if (this.#behind.length === 0) return;
    if (now - this.progressAt > maxLagMs) this.link.end(reasons.quotaExceeded, 'The client does not read.');
    else this.pump();
  }

  /** The position of every conversation that has one. */
  positions(): Record<ConvId, number> {
    return { ...this.stored?.positions, ...positionsOf(this.#tracks.values()) };
  }

  /** The positions that moved since they were last taken. */
  takeMoved(): Record<ConvId, number> {
    const moved = this.#moved;
    this.#moved = [];
    return takePositions(moved);
  }

  close(): void {
    this.#closed = true;
    this.#behind = [];
    this.#waiting = undefined;
  }
}
