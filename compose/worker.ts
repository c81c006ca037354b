import { changeWindows } from '../policy/send.ts';
import type { Config } from '../schemas/config.ts';
import type { Directory } from '../store/directory.ts';
import type { Timeline } from '../store/timeline.ts';
import { type CommitObserver, CommitQueue } from '../worker/commit.ts';
import type { ModerationObserver } from '../worker/moderation/observer.ts';
import { createModeration } from '../worker/moderation.ts';
import { Sender } from '../worker/sender.ts';
import type { Access } from './access.ts';
import type { Closing } from './closing.ts';

export interface WorkerOptions {
  readonly config: Config;
  readonly timeline: Timeline;
  readonly directory: Directory;
  readonly access: Access;
  readonly commitObserver?: CommitObserver;
  readonly moderationObserver: ModerationObserver;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** The way of a message into the timeline. */
export interface Worker {
  readonly commit: CommitQueue;
  readonly sender: Sender;
}

export function createWorker(options: WorkerOptions, closing: Closing): Worker {
  const { config, timeline, directory, access, commitObserver, now, onError } = options;
  const commit = new CommitQueue({
    timeline,
    ...(commitObserver !== undefined && { observer: commitObserver }),
  });
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
  return { commit, sender };
}
