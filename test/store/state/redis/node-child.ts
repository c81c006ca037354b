import { once } from 'node:events';
import process from 'node:process';
import type { Role } from '../../../../schemas/config.ts';
import { openRedisBus } from '../../../../store/state/redis/bus.ts';
import { RedisConnection } from '../../../../store/state/redis/client.ts';
import { openRedisNodes } from '../../../../store/state/redis/nodes.ts';

/** A node in a process of its own: says `joined` and `expired`, and leaves with SIGTERM. Arguments: URL, id, role. */
const [url, id, role] = process.argv.slice(2) as [string, string, Role];
const onError = (error: unknown) => console.error(error);
const redis = await RedisConnection.open({ url });
const bus = await openRedisBus({ url, onError });
const nodes = await openRedisNodes({
  ...{ redis, bus, channel: bus.ownChannel, onError },
  self: { id, role, startedAt: Date.now() },
  lookMs: 50,
});
nodes.onExpired(() => console.log('expired'));
console.log('joined');
await once(process, 'SIGTERM');
await nodes.close();
await bus.close();
await redis.close();
process.exit();
