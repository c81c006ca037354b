import { version as versionOf } from '../cli/version.ts';
import type { Log } from '../ops/log.ts';
import { createMetrics, type Metrics } from '../ops/metrics.ts';
import type { Config, Role } from '../schemas/config.ts';

/** What all parts of a process share. */
export interface Base {
  readonly config: Config;
  readonly role: Role;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly version: string;
  readonly now: () => number;
  /** Told of what went wrong while nobody asked. */
  readonly onError: (error: unknown) => void;
}

export const createBase = (config: Config, role: Role, log: Log): Base => ({
  config,
  role,
  log,
  metrics: createMetrics(),
  version: versionOf(),
  now: Date.now,
  onError: (error) => log.error({ err: error }, 'Something failed in the background.'),
});
