import type { ConvId } from '../../schemas/event.ts';
import type { TopicBytes } from './event.ts';
import type { Session } from './session.ts';

/** Where a session is in one conversation. */
export interface Track {
  readonly conv: ConvId;
  readonly session: Session;
  readonly topic: TopicBytes;
  readonly gid?: string;
  /** Everything up to this seq was sent on this connection, or before it. */
  sent: number;
  /** The last contiguous acknowledged seq: the session's position. */
  acked: number;
  /** The newest seq known while the session is behind. */
  head: number;
  /** True while events come from the timeline and not from the live stream. */
  behind: boolean;
  /** Set where the first read must find the start: the session has a right to what was stored since (ms). */
  startTs?: number;
  /** On resume: at most the newest `replayLimit` events. */
  limited: boolean;
  /** The position is not saved yet. */
  moved: boolean;
  /** The delivered cursor has to be moved to `acked`. */
  cursorDue: boolean;
}

/** A conversation of which the session has everything up to `sent`. */
export const createTrack = (
  session: Session,
  conv: ConvId,
  topic: TopicBytes,
  gid: string | undefined,
  sent: number,
): Track => ({
  conv,
  session,
  topic,
  ...(gid === undefined ? {} : { gid }),
  sent,
  acked: sent,
  head: 0,
  behind: false,
  limited: false,
  moved: false,
  cursorDue: false,
});

/** The position of each that has one. Without a start there is none yet: the session's age decides next time too. */
export function positionsOf(tracks: Iterable<Track>): Record<ConvId, number> {
  const positions: Record<ConvId, number> = {};
  for (const { conv, acked, startTs } of tracks) if (startTs === undefined) positions[conv] = acked;
  return positions;
}

/** The positions of those that moved, which count as saved from then on. */
export function takePositions(moved: readonly Track[]): Record<ConvId, number> {
  const positions: Record<ConvId, number> = {};
  for (const track of moved) {
    track.moved = false;
    positions[track.conv] = track.acked;
  }
  return positions;
}
