import { chunked } from '../../store/chunks.ts';
import type { SessionStore, StoredSession } from '../../store/sessions.ts';
import type { Lines, Section } from '../section.ts';

const sessionsAtOnce = 200;
const neverExpires = 0xffff_ffff;

/** Members in the order of their names, positions too: stores keep them in an order of their own. */
function sessionLine(session: StoredSession): string {
  const sorted = (record: object): object =>
    Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify(
    sorted({
      ...session,
      positions: sorted(session.positions),
      subscriptions: session.subscriptions.map(sorted),
    }),
  );
}

/** Sessions that outlive their connections: positions, subscriptions, and the rest of them. */
export const sessionsSection = (sessions: SessionStore): Section => ({
  name: 'sessions',
  resumable: false,

  async *read(): AsyncGenerator<Lines> {
    let lines: string[] = [];
    for await (const session of sessions.all()) {
      lines.push(sessionLine(session));
      if (lines.length < sessionsAtOnce) continue;
      yield { lines, position: {} };
      lines = [];
    }
    if (lines.length > 0) yield { lines, position: {} };
  },

  async load(lines) {
    for (const some of chunked(lines, sessionsAtOnce))
      await Promise.all(some.map((line) => sessions.put(JSON.parse(line) as StoredSession)));
  },

  lasts(line, atMs) {
    const { disconnectedAt, expirySeconds } = JSON.parse(line) as StoredSession;
    if (disconnectedAt === undefined || expirySeconds === neverExpires) return true;
    return disconnectedAt + expirySeconds * 1000 > atMs;
  },
});
