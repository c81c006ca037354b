import type { Log } from '../../ops/log.ts';
import type { Metrics } from '../../ops/metrics.ts';

/** Hears what moderation does; never anything of a message. */
export interface ModerationObserver {
  checked(by: 'words' | 'hook', result: 'allowed' | 'changed' | 'refused' | 'failed'): void;
  /** The hook failed, for the first time or again after a while. */
  failing(reason: string): void;
  /** The hook is not asked for a moment, since it does not answer. */
  resting(): void;
  answering(): void;
}

/** Counts and logs it. */
export const observeModeration = (
  tally: Metrics['moderation'],
  log: Pick<Log, 'warn' | 'error' | 'info'>,
): ModerationObserver => ({
  checked: (by, result) => tally.add(1, by, result),
  failing: (reason) => log.warn({ reason }, 'The moderation hook failed.'),
  resting: () => log.error('The moderation hook does not answer; it is asked once a second until it does.'),
  answering: () => log.info('The moderation hook answers again.'),
});
