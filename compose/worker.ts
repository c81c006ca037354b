import { changeWindows } from '../policy/send.ts';
import type { Config } from '../schemas/config.ts';
import type { ConvId } from '../schemas/event.ts';
import type { Bus } from '../store/bus.ts';
import type { Directory } from '../store/directory.ts';
import type { Timeline } from '../store/timeline.ts';
import { type CommitObserver, CommitQueue } from '../worker/commit.ts';
import type { EventListener } from '../worker/committer.ts';
import { type ModerationObserver, observeModeration } from '../worker/moderation/observer.ts';
import { createModeration } from '../worker/moderation.ts';
import { Republisher } from '../worker/republisher.ts';
import { Sender } from '../worker/sender.ts';
import type { Access } from './access.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';
import { observeCommits } from './commits.ts';
import type { State } from './state.ts';
import type { Stores } from './stores.ts';

export interface WorkerOptions {
  readonly config: Config;
  readonly timeline: Timeline;
  readonly directory: Directory;
  readonly access: Access;
  readonly commitObserver?: CommitObserver;
  /** Told of what was stored before, where other workers store too. */
  readonly onRepeat?: (conv: ConvId, seq: number) => void;
  /** Other workers store, too. */
  readonly shared?: boolean;
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
  const { config, timeline, directory, access, commitObserver, onRepeat, now, onError } = options;
  const { shared = false } = options;
  const commit = new CommitQueue({
    timeline,
    ...(commitObserver !== undefined && { observer: commitObserver }),
    ...(onRepeat !== undefined && { onRepeat }),
  });
  const moderation = createModeration(config.moderation, options.moderationObserver);
  closing.add(() => moderation?.close());
  const sender = new Sender({
    ...access,
    timeline,
    commit,
    marks: directory,
    windows: changeWindows(config.messages),
    shared,
    now,
    ...(moderation !== undefined && { moderate: moderation.moderate }),
    onError,
  });
  closing.add(() => sender.drained());
  return { commit, sender };
}

/** The worker of this process: what it stores reaches all nodes by the bus. */
export function openWorker(
  parts: Base & Stores & { readonly bus: Bus; readonly access: Access; readonly state: Pick<State, 'kind'> },
  closing: Closing,
): Worker {
  const { metrics, log, bus, timeline, state, onError } = parts;
  const publish: EventListener = (event, rewrites) => bus.publishEvent(event, rewrites);
  const republisher = new Republisher({ timeline, publish, onDropped: () => bus.tellLoss(), onError });
  closing.add(() => republisher.close());
  const worker = createWorker(
    {
      ...parts,
      commitObserver: observeCommits(parts, bus),
      moderationObserver: observeModeration(metrics.moderation, log),
      ...(state.kind === 'redis' && {
        shared: true,
        onRepeat: (conv, seq) => republisher.repeat(conv, seq),
      }),
    },
    closing,
  );
  worker.commit.onEvent(publish);
  return worker;
}
