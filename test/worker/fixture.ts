import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FactsCache } from '../../policy/facts.ts';
import { Buckets } from '../../policy/rate.ts';
import { Routes } from '../../policy/routes.ts';
import { changeWindows } from '../../policy/send.ts';
import type { EventDocument } from '../../schemas/event.ts';
import { eventDocument } from '../../schemas/event.ts';
import { openSqliteDirectory } from '../../store/directory/sql/sqlite.ts';
import type { Directory, DirectoryMarks } from '../../store/directory.ts';
import { createMemoryBus } from '../../store/state/memory/bus.ts';
import { openSqliteTimeline } from '../../store/timeline/sqlite/timeline.ts';
import type { Timeline } from '../../store/timeline.ts';
import { CommitQueue } from '../../worker/commit.ts';
import { Door } from '../../worker/door.ts';
import { Sender, type SenderOptions } from '../../worker/sender.ts';

/** A sender over real stores, with the users alice, bob and carol and the group `birds` of them, owned by alice. */
export interface SenderFixture {
  readonly sender: Sender;
  readonly timeline: Timeline;
  readonly directory: Directory;
  /** Another sender over the same stores, as after a restart. */
  restarted(): Sender;
  /** The sender of one process among several, by its own way to the stores. */
  beside(ways: { readonly timeline: Timeline; readonly marks?: DirectoryMarks }): SenderBeside;
  /** The events of a conversation as they are stored. */
  raw(conv: string): Promise<EventDocument[]>;
  end(): Promise<void>;
}

/** A sender and what it stores. */
export interface SenderBeside {
  readonly sender: Sender;
  readonly commit: CommitQueue;
}

export interface SenderFixtureOptions extends Partial<Pick<SenderOptions, 'moderate'>> {
  readonly maxPacketSize?: number;
  /** Instead of an SQLite file; closed at the end. */
  readonly timeline?: Timeline;
  /** Wraps the marks that the first sender works with. */
  readonly marks?: (marks: DirectoryMarks) => DirectoryMarks;
}

export async function startSender(options: SenderFixtureOptions = {}): Promise<SenderFixture> {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-sender-'));
  const directory = await openSqliteDirectory({ dir });
  const timeline = options.timeline ?? (await openSqliteTimeline({ dir: join(dir, 'timeline') }));
  const bus = createMemoryBus(() => {});
  const facts = new FactsCache(directory, bus, Date.now);
  const create = (
    marks: DirectoryMarks,
    own: Pick<SenderOptions, 'timeline' | 'commit' | 'shared'> = {
      timeline,
      commit: new CommitQueue({ timeline }),
    },
  ): Sender =>
    new Sender({
      routes: new Routes({ facts, directPolicy: 'anyone', now: Date.now }),
      door: new Door({
        rates: new Buckets(0, 0, Date.now),
        maxPacketSize: options.maxPacketSize ?? 262_144,
      }),
      ...own,
      marks,
      windows: changeWindows({ editWindow: 0, recallWindow: 0, managerRecallWindow: 0 }),
      now: Date.now,
      ...(options.moderate !== undefined && { moderate: options.moderate }),
    });
  await directory.ensureUsers(['alice', 'bob', 'carol'], 1);
  const event = { id: 's-1', from: 'alice', raw: '{"id":"s-1","type":"group","body":{"action":"created"}}' };
  await directory.createGroup(
    {
      gid: 'birds',
      name: 'Birds',
      owner: 'alice',
      join: 'open',
      muted: false,
      history: 'all',
      createdAt: 1,
    },
    ['bob', 'carol'],
    event,
  );
  const submission = { conv: 'g:birds', from: 'alice', id: 's-1', counts: false };
  const [place] = await timeline.append([{ ...submission, raw: Buffer.from(event.raw) }]);
  await directory.settle('birds', 1, place!);
  return {
    sender: create(options.marks?.(directory) ?? directory),
    timeline,
    directory,
    restarted: () => create(directory),
    beside({ timeline: way, marks = directory }) {
      const commit = new CommitQueue({ timeline: way });
      return { sender: create(marks, { timeline: way, commit, shared: true }), commit };
    },
    async raw(conv) {
      return (await timeline.range({ conv, after: 0, limit: 1000 })).map(eventDocument);
    },
    async end() {
      facts.close();
      await timeline.close();
      await directory.close();
      await rm(dir, { recursive: true });
    },
  };
}
