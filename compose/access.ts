import { FactsCache } from '../policy/facts.ts';
import { Buckets } from '../policy/rate.ts';
import { Routes } from '../policy/routes.ts';
import type { Config } from '../schemas/config.ts';
import type { Bus } from '../store/bus.ts';
import type { Directory } from '../store/directory.ts';
import { Door } from '../worker/door.ts';
import type { Closing } from './closing.ts';

export interface AccessOptions {
  readonly config: Config;
  readonly directory: Directory;
  readonly bus: Bus;
  readonly now: () => number;
}

/** Who may do what and how often, as every role has to know it. */
export interface Access {
  readonly facts: FactsCache;
  readonly routes: Routes;
  /** Sends by user. */
  readonly sendRates: Buckets;
  /** Where sends come in that nobody publishes. */
  readonly door: Door;
}

export function createAccess({ config, directory, bus, now }: AccessOptions, closing: Closing): Access {
  const facts = new FactsCache(directory, bus, now);
  closing.add(() => facts.close());
  const sendRates = new Buckets(config.limits.sendPerSecond, config.limits.sendBurst, now);
  return {
    facts,
    routes: new Routes({ facts, directPolicy: config.direct.policy, now }),
    sendRates,
    door: new Door({ rates: sendRates, maxPacketSize: config.mqtt.maxPacketSize }),
  };
}
