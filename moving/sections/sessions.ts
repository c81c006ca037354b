import { filterTopic } from '../../schemas/topics.ts';
import { chunked } from '../../store/chunks.ts';
import type { SessionStore, StoredSession } from '../../store/sessions.ts';
import type { CustomTransfer, SessionRow } from '../../store/transfer.ts';
import type { Derived, Lines, Section } from '../section.ts';

const sessionsAtOnce = 200;
const neverExpires = 0xffff_ffff;

/** Stores keep members in an order of their own. */
const sorted = (record: object): object =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

function sessionLine(session: StoredSession): string {
  return JSON.stringify(
    sorted({
      ...session,
      positions: sorted(session.positions),
      subscriptions: session.subscriptions.map(sorted),
    }),
  );
}

/** The subscriptions by which messages of custom topics queue. `$SYS` is each node's own. */
const rowsOf = ({ uid, clientId, subscriptions }: StoredSession): SessionRow[] =>
  subscriptions
    .filter(({ filter }) => {
      const topic = filterTopic(filter);
      return topic.kind === 'custom' && !topic.filter.startsWith('$');
    })
    .map((subscription) => ({ session: `${uid}/${clientId}`, subscription }));

const rowLine = ({ session, subscription }: SessionRow): string =>
  JSON.stringify({ session, subscription: sorted(subscription) });

/** Where messages find sessions by subscriptions that are kept beside these, they do so before anyone connects. */
const subscriptionsOf = (rows: NonNullable<CustomTransfer['rows']>): Derived => ({
  name: 'custom.subscriptions',
  from: (line) => rowsOf(JSON.parse(line) as StoredSession).map(rowLine),
  async *read(): AsyncGenerator<Lines> {
    for await (const list of rows.all()) yield { lines: list.map(rowLine), position: {} };
  },
});

/** Sessions that outlive their connections: positions, subscriptions, and the rest of them. */
export const sessionsSection = (sessions: SessionStore, { rows }: CustomTransfer): Section => ({
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
    for (const some of chunked(lines, sessionsAtOnce)) {
      const list = some.map((line) => JSON.parse(line) as StoredSession);
      await Promise.all(list.map((session) => sessions.put(session)));
      await rows?.load(list.flatMap(rowsOf));
    }
  },

  lasts(line, atMs) {
    const { disconnectedAt, expirySeconds } = JSON.parse(line) as StoredSession;
    if (disconnectedAt === undefined || expirySeconds === neverExpires) return true;
    return disconnectedAt + expirySeconds * 1000 > atMs;
  },

  ...(rows !== undefined && { derived: subscriptionsOf(rows) }),
});
