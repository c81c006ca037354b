import type { Bus } from '../store/bus.ts';
import type { CommitObserver } from '../worker/commit.ts';
import type { Base } from './base.ts';

/** Commits are counted, and the log is told when the timeline begins to refuse, and when it works again. */
export const observeCommits = (
  { metrics, log, onError }: Pick<Base, 'metrics' | 'log' | 'onError'>,
  bus: Pick<Bus, 'tellLoss'>,
): CommitObserver => ({
  committed: (events, seconds) => {
    metrics.batchSize.observe(events);
    metrics.commitSeconds.observe(seconds);
  },
  faulted: onError,
  // What was refused may be stored all the same, and nobody was told of it.
  down: (cause) => {
    bus.tellLoss();
    log.error({ err: cause }, 'The timeline cannot store now; sends are refused with 0x83.');
  },
  up: () => {
    bus.tellLoss();
    log.info('The timeline stores again.');
  },
});
