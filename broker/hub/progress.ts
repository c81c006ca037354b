import { parseConv, peerOf } from '../../schemas/event.ts';
import type { Bus } from '../../store/bus.ts';
import type { SessionStore } from '../../store/sessions.ts';
import type { Timeline } from '../../store/timeline.ts';
import type { Session } from './session.ts';
import type { Track } from './track.ts';

/** Where progress is kept, and who is told of it. */
export interface ProgressStores {
  readonly timeline: Pick<Timeline, 'moveCursors'>;
  readonly sessions: Pick<SessionStore, 'progress'>;
  readonly bus: Bus;
}

/**
 * How seldom what is not urgent is written, in flushes: it is one write for each session or member and conversation, however
 * much was acknowledged meanwhile.
 */
export interface ProgressPace {
  /** Positions: what a crash makes sessions get again. */
  readonly positionsEvery: number;
  /** Delivered cursors in groups, of which nobody is told. */
  readonly groupsEvery: number;
}

const everyFlush: ProgressPace = { positionsEvery: 1, groupsEvery: 1 };

/**
 * What sessions acknowledged since the last flush: positions of persistent ones, delivered cursors of their users. It is
 * written together, not with each acknowledgement; a crash costs repeats, never a loss.
 */
export class Progress {
  readonly #stores: ProgressStores;
  readonly #pace: ProgressPace;
  #sessions: Session[] = [];
  #directs: Track[] = [];
  #groups: Track[] = [];
  #flushes = 0;

  constructor(stores: ProgressStores, pace = everyFlush) {
    this.#stores = stores;
    this.#pace = pace;
  }

  /** A session has positions to take. */
  positionsDue(session: Session): void {
    this.#sessions.push(session);
  }

  /** A user's delivered cursor is to move to the track's position. */
  cursorDue(track: Track): void {
    (track.gid === undefined ? this.#directs : this.#groups).push(track);
  }

  /** To be called every second; `all` leaves nothing for later. */
  async flush(all = false): Promise<void> {
    this.#flushes++;
    const isDue = (every: number): boolean => all || this.#flushes % every === 0;
    const sessions = isDue(this.#pace.positionsEvery) ? this.#sessions.splice(0) : [];
    const groups = isDue(this.#pace.groupsEvery) ? this.#groups.splice(0) : [];
    const tracks = this.#directs.splice(0).concat(groups);
    await Promise.all([this.#savePositions(sessions), this.#saveCursors(tracks)]);
  }

  async #savePositions(sessions: readonly Session[]): Promise<void> {
    if (sessions.length === 0) return;
    const updates = sessions.map((session) => ({
      uid: session.user.uid,
      clientId: session.clientId,
      positions: session.takeMoved(),
    }));
    await this.#stores.sessions.progress(updates);
  }

  /** In a direct conversation the sender is told that the message has arrived. */
  async #saveCursors(tracks: readonly Track[]): Promise<void> {
    if (tracks.length === 0) return;
    const moves = tracks.map((track) => {
      track.cursorDue = false;
      return { conv: track.conv, uid: track.session.user.uid, delivered: track.acked };
    });
    await this.#stores.timeline.moveCursors(moves);
    for (const { conv, uid, delivered } of moves) {
      const parsed = parseConv(conv);
      if (parsed?.kind !== 'direct' || parsed.a === parsed.b) continue;
      this.#stores.bus.publish({
        type: 'notice',
        uid: peerOf(parsed, uid),
        notice: { type: 'delivered', conv, uid, seq: delivered },
      });
    }
  }
}
