import type { Hub } from './hub.ts';
import type { Session } from './session.ts';
import type { Track } from './track.ts';

/** At most so many events of one conversation are replayed on resume; before them comes a gap notice. */
export const replayLimit = 1000;

/** Where a replay begins: not before what the session may see, and on resume not more than the limit; else a gap notice. */
export async function findStart(hub: Hub, session: Session, track: Track): Promise<void> {
  const { startTs } = track;
  const newest = Math.max(track.sent, track.head - replayLimit);
  if (startTs !== undefined) {
    let isFound = await startAt(hub, track, startTs, newest);
    // Live, nothing is left out: the start is looked for as far back as it is.
    for (let after = newest; !isFound && !track.limited; ) {
      after = Math.max(track.sent, after - replayLimit);
      isFound = await startAt(hub, track, startTs, after);
    }
    delete track.startTs;
    if (isFound) return;
  }
  track.limited = false;
  if (session.closed || newest <= track.sent) return;
  hub.notifySession(session, { type: 'gap', conv: track.conv, from: track.sent + 1, to: newest });
  // The position stays until the client acknowledges what comes behind the notice: only then it knows of the gap.
  track.sent = newest;
}

/** Starts the track at its first event of that time or later, where that is among those behind `after`. */
async function startAt(hub: Hub, track: Track, startTs: number, after: number): Promise<boolean> {
  const events = await hub.read(track.conv, after, replayLimit);
  const first = events.find((event) => event.ts >= startTs);
  const isFound = events.length === 0 || events[0]!.ts < startTs || after === track.sent;
  if (!isFound) return false;
  track.sent = first === undefined ? Math.max(track.sent, events.at(-1)?.seq ?? track.head) : first.seq - 1;
  track.acked = track.sent;
  return true;
}
