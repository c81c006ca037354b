import { changeWindows } from '../policy/send.ts';
import type { Config } from '../schemas/config.ts';
import type { Bus } from '../store/bus.ts';
import type { Directory } from '../store/directory.ts';
import type { Timeline } from '../store/timeline.ts';
import { type CommitObserver, CommitQueue } from '../worker/commit.ts';
import type { ModerationObserver } from '../worker/moderation/observer.ts';
import { createModeration } from '../worker/moderation.ts';
import { ReadCursors } from '../worker/read.ts';
import { Sender } from '../worker/sender.ts';
import { type Access, createAccess } from './access.ts';
import type { Closing } from './closing.ts';

export interface WorkerOptions {
  readonly config: Config;
  readonly timeline: Timeline;
  readonly directory: Directory;
  readonly bus: Bus;
  readonly commitObserver?: CommitObserver;
  readonly moderationObserver: ModerationObserver;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** The way of a message into the timeline, and of read cursors. */
export interface Worker extends Access {
  readonly commit: CommitQueue;
  readonly sender: Sender;
  readonly reads: ReadCursors;
}

export function createWorker(options: WorkerOptions, closing: Closing): Worker {
  const { config, timeline, directory, bus, commitObserver, now, onError } = options;
  const commit = new CommitQueue({
    timeline,
    ...(commitObserver !== undefined && { observer: commitObserver }),
  });
  const access = createAccess(options, closing);
  const { facts } = access;
  const moderation = createModeration(config.moderation, options.moderationObserver);
  closing.add(() => moderation?.close());
  const sender = new Sender({
    ...access,
    timeline,
    commit,
    marks: directory,
    windows: changeWindows(config.messages),
    now,
    ...(moderation !== undefined && { moderate: moderation.moderate }),
    onError,
  });
  closing.add(() => sender.drained());
  const reads = new ReadCursors({
    timeline,
    directory,
    facts,
    bus,
    noticeMembers: config.groups.readNoticeMembers,
    onError,
  });
  closing.add(() => reads.close());
  return { ...access, commit, sender, reads };
}
