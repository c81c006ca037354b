import { maxWindow } from '../broker/connect/session.ts';
import { createClusterTopics } from '../broker/custom/cluster/create.ts';
import { Departed } from '../broker/custom/cluster/departed.ts';
import { defaultLimits } from '../broker/custom/options.ts';
import { adoptWill } from '../broker/inbound/cluster-will.ts';
import { openRedisCustom } from '../store/state/redis/custom.ts';
import { openRedisSessions } from '../store/state/redis/sessions.ts';
import type { Closing } from './closing.ts';
import type { Keeping, KeepingOptions } from './keeping.ts';
import type { RedisState } from './redis-state.ts';

/** Of a node of many: what it keeps, all nodes see. */
export async function keepInRedis(
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
