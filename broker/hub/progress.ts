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
 * What sessions acknowledged since the last flush: positions of persistent ones, delivered cursors of their users. It is
 * written together every second, not with each acknowledgement; a crash costs repeats, never a loss.
 */
export class Progress {
  readonly #stores: ProgressStores;
  #sessions: Session[] = [];
  #tracks: Track[] = [];

  constructor(stores: ProgressStores) {
    this.#stores = stores;
  }

  /** A session has positions to take. */
  positionsDue(session: Session): void {
    this.#sessions.push(session);
  }

  /** A user's delivered cursor is to move to the track's position. */
  cursorDue(track: Track): void {
    this.#tracks.push(track);
  }

  async flush(): Promise<void> {
    const sessions = this.#sessions;
    const tracks = this.#tracks;
    this.#sessions = [];
    this.#tracks = [];
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
