import { FactsCache } from '../policy/facts.ts';
import type { Buckets, MakeBuckets } from '../policy/rate.ts';
import { Routes } from '../policy/routes.ts';
import type { Config } from '../schemas/config.ts';
import type { Bus } from '../store/bus.ts';
import type { Directory } from '../store/directory.ts';
import type { Timeline } from '../store/timeline.ts';
import { Door } from '../worker/door.ts';
import { ReadCursors } from '../worker/read.ts';
import type { Closing } from './closing.ts';

export interface AccessOptions {
  readonly config: Config;
  readonly timeline: Timeline;
  readonly directory: Directory;
  readonly bus: Bus;
  readonly buckets: MakeBuckets;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** What every role does by itself: who may do what and how often, and read cursors. */
export interface Access {
  readonly facts: FactsCache;
  readonly routes: Routes;
  /** Sends by user. */
  readonly sendRates: Buckets;
  /** Where sends come in that nobody publishes. */
  readonly door: Door;
  /** Moves read cursors and tells whom it concerns. */
  readonly reads: ReadCursors;
}

export function createAccess(options: AccessOptions, closing: Closing): Access {
  const { config, timeline, directory, bus, buckets, now, onError } = options;
  const facts = new FactsCache(directory, bus, now);
  closing.add(() => facts.close());
  const sendRates = buckets('send', config.limits.sendPerSecond, config.limits.sendBurst);
  const reads = new ReadCursors({
    timeline,
    directory,
    facts,
    bus,
    noticeMembers: config.groups.readNoticeMembers,
    onError,
  });
  closing.add(() => reads.close());
  return {
    facts,
    routes: new Routes({ facts, directPolicy: config.direct.policy, now }),
    sendRates,
    door: new Door({ rates: sendRates, maxPacketSize: config.mqtt.maxPacketSize }),
    reads,
  };
}
