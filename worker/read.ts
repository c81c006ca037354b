import type { FactsCache } from '../policy/facts.ts';
import { type ConvId, parseConv, peerOf } from '../schemas/event.ts';
import { systemUid } from '../schemas/identity.ts';
import type { Bus, Notice } from '../store/bus.ts';
import type { Directory } from '../store/directory.ts';
import type { Cursor, Timeline } from '../store/timeline.ts';

export interface ReadCursorsOptions {
  readonly timeline: Pick<Timeline, 'cursors' | 'moveCursors' | 'range'>;
  readonly directory: Pick<Directory, 'clearMark' | 'readMentions' | 'getGroup'>;
  readonly facts: Pick<FactsCache, 'user' | 'group'>;
  readonly bus: Bus;
  /** In groups of up to so many members the senders are told who has read their messages. */
  readonly noticeMembers: number;
  /** Told of what went wrong while nobody waits for it. */
  readonly onError: (error: unknown) => void;
}

/** What a user read in a group since its senders were told last. */
interface Unsaid {
  readonly conv: ConvId;
  readonly gid: string;
  readonly uid: string;
  readonly from: number;
  to: number;
}

/** Moves of one user's cursor in one conversation, one after the other. */
interface Lane {
  running: Promise<Cursor>;
  /** What came while it runs: they are one move. */
  next: Promise<Cursor> | undefined;
  wish: number;
}

/** A reader who follows a busy group tells its senders so often at most. */
const groupDelayMs = 250;
/** Of what was read at once, the newest so many events are looked at, and so many senders told. */
const maxEvents = 100;
const maxSenders = 20;

/**
 * Moves users' read cursors on, for both doors. A cursor never goes back and never beyond the head, and what is told of
 * it never falls: moves of one cursor take effect one after the other.
 */
export class ReadCursors {
  readonly #options: ReadCursorsOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #unsaid = new Map<string, Unsaid>();
  #timer: NodeJS.Timeout | undefined;
  #telling: Promise<void> = Promise.resolve();

  constructor(options: ReadCursorsOptions) {
    this.#options = options;
  }

  /**
   * Durable when it resolves. The user's own devices are told, in a direct conversation the peer, in a small group the
   * senders of what was read. The caller has checked that the conversation is the user's.
   */
  move(conv: ConvId, uid: string, seq: number): Promise<Cursor> {
    const key = `${uid} ${conv}`;
    const lane = this.#lanes.get(key);
    if (lane === undefined) {
      const started: Lane = { running: this.#move(conv, uid, seq), next: undefined, wish: 0 };
      this.#lanes.set(key, started);
      this.#endOf(key, started);
      return started.running;
    }
    lane.wish = Math.max(lane.wish, seq);
    lane.next ??= lane.running
      .catch(() => undefined)
      .then(() => {
        lane.running = this.#move(conv, uid, lane.wish);
        lane.wish = 0;
        lane.next = undefined;
        this.#endOf(key, lane);
        return lane.running;
      });
    return lane.next;
  }

  #endOf(key: string, lane: Lane): void {
    const { running } = lane;
    const end = (): void => {
      if (lane.running === running && lane.next === undefined) this.#lanes.delete(key);
    };
    running.then(end, end);
  }

  async #move(conv: ConvId, uid: string, seq: number): Promise<Cursor> {
    const { timeline, directory, bus } = this.#options;
    const [before] = await timeline.cursors([{ conv, uid }]);
    const [cursor] = await timeline.moveCursors([{ conv, uid, read: seq }]);
    const { read } = cursor!;
    if (read > before!.read) {
      bus.publish({ type: 'notice', uid, notice: { type: 'read', conv, uid, seq: read } });
      await this.#tell(conv, uid, before!.read, read);
    }
    // Also where the cursor stays: who opens what they marked has read it, and a repeat makes up for a crash.
    const [marked] = await Promise.all([
      directory.clearMark(uid, conv),
      directory.readMentions(conv, uid, read),
    ]);
    if (marked)
      bus.publish({ type: 'notice', uid, notice: { type: 'conversation', conv, markedUnread: false } });
    return cursor!;
  }

  async #tell(id: ConvId, uid: string, from: number, to: number): Promise<void> {
    const conv = parseConv(id);
    if (conv?.kind === 'group') this.#later(id, conv.gid, uid, from, to);
    else if (conv !== undefined && conv.a !== conv.b) {
      const peer = peerOf(conv, uid);
      if ((await this.#shows(uid)) && (await this.#shows(peer)))
        this.#notice(peer, { type: 'read', conv: id, uid, seq: to });
    }
  }

  #later(conv: ConvId, gid: string, uid: string, from: number, to: number): void {
    if (this.#options.noticeMembers === 0) return;
    const key = `${uid} ${conv}`;
    const waiting = this.#unsaid.get(key);
    if (waiting === undefined) this.#unsaid.set(key, { conv, gid, uid, from, to });
    else waiting.to = to;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#tellSenders();
    }, groupDelayMs).unref();
  }

  /** Tells senders in groups what has been read until now. */
  #tellSenders(): Promise<void> {
    const unsaid = [...this.#unsaid.values()];
    this.#unsaid.clear();
    this.#telling = this.#telling.then(async () => {
      for (const one of unsaid) await this.#tellSendersOf(one).catch(this.#options.onError);
    });
    return this.#telling;
  }

  async #tellSendersOf({ conv, gid, uid, from, to }: Unsaid): Promise<void> {
    const { directory, timeline, noticeMembers, facts } = this.#options;
    const group = await directory.getGroup(gid);
    if (group === undefined || group.memberCount > noticeMembers || !(await this.#shows(uid))) return;
    const after = Math.max(from, to - maxEvents);
    const events = await timeline.range({ conv, after, before: to + 1, limit: maxEvents });
    const senders = new Set<string>();
    for (const [i, event] of [...events.entries()].reverse()) {
      // Of the first of many it is not known whether it counts: it is taken for a message.
      const isMessage = event.n > (events[i - 1]?.n ?? event.n - 1);
      if (isMessage && event.from !== uid && event.from !== systemUid) senders.add(event.from);
      if (senders.size === maxSenders) break;
    }
    for (const sender of senders) {
      const { member } = (await facts.group(gid, sender)).facts;
      if (member !== undefined && (await this.#shows(sender)))
        this.#notice(sender, { type: 'read', conv, uid, seq: to });
    }
  }

  /** Whether others are told how far the user has read, and the user how far others have. */
  async #shows(uid: string): Promise<boolean> {
    return (await this.#options.facts.user(uid)).facts.readReceipts;
  }

  #notice(uid: string, notice: Notice): void {
    this.#options.bus.publish({ type: 'notice', uid, notice });
  }

  /** Tells what is not told yet. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.allSettled([...this.#lanes.values()].map(({ running, next }) => next ?? running));
    await this.#tellSenders();
  }
}
