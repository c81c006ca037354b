import { maxWindow } from '../broker/connect/session.ts';
import type { BrokerContext } from '../broker/context.ts';
import { createClusterTopics } from '../broker/custom/cluster/create.ts';
import { Departed } from '../broker/custom/cluster/departed.ts';
import type { CustomTopics } from '../broker/custom/custom.ts';
import { defaultLimits } from '../broker/custom/options.ts';
import { createCustomTopics } from '../broker/custom/topics.ts';
import { adoptWill } from '../broker/inbound/cluster-will.ts';
import { sendWillsLeft } from '../broker/inbound/will.ts';
import { restoreCustom } from '../broker/stored.ts';
import type { SessionStore } from '../store/sessions.ts';
import { openRedisCustom } from '../store/state/redis/custom.ts';
import { openRedisSessions } from '../store/state/redis/sessions.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';
import type { RedisState, State } from './state.ts';
import { openKept } from './stores.ts';

export interface KeepingOptions extends Base {
  readonly state: State;
  /** How many clients are connected here. */
  readonly connected: () => number;
}

/** What a broker keeps for sessions that are not connected. */
export interface Keeping {
  readonly sessions: SessionStore;
  readonly custom: CustomTopics;
  /** Sends the wills that nodes left which died: now, and as long as the broker runs. */
  adopt(context: BrokerContext, closing: Closing): Promise<void>;
}

export const openKeeping = (options: KeepingOptions, closing: Closing): Promise<Keeping> =>
  options.state.kind === 'memory'
    ? keepInFolder(options, closing)
    : keepInRedis(options, options.state, closing);

async function keepInFolder(options: KeepingOptions, closing: Closing): Promise<Keeping> {
  const { config, version, now, onError, connected } = options;
  const { sessions, custom: store } = await openKept(options, closing);
  const { custom: rules } = config.topics;
  const custom = await createCustomTopics({ rules, store, version, connected, now, onError });
  closing.add(() => custom.close());
  await restoreCustom(custom, sessions);
  return { sessions, custom, adopt: sendWillsLeft };
}

async function keepInRedis(
  { config, version, now, onError, connected }: KeepingOptions,
  { url, redis, owners, nodes }: RedisState,
  closing: Closing,
): Promise<Keeping> {
  const sessions = await openRedisSessions({ redis, owners, now });
  closing.add(() => sessions.close());
  const { custom: rules } = config.topics;
  const limits = { ...defaultLimits, maxInFlight: maxWindow };
  const shared = await openRedisCustom({ url, limits, now, onError });
  closing.add(() => shared.close());
  const node = nodes.self.id;
  const custom = await createClusterTopics({ rules, shared, node, version, connected, now, onError });
  closing.add(() => custom.close());
  const adopt: Keeping['adopt'] = async (context, until) => {
    const departed = new Departed({
      ...{ shared, topics: custom, nodes, now, onError },
      adopt: (will) => adoptWill(context, custom.clusterWills, will),
    });
    until.add(() => departed.close());
  };
  return { sessions, custom, adopt };
}
