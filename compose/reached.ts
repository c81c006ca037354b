import type { Socket } from 'node:net';
import type { Config } from '../schemas/config.ts';
import type { RedisState } from './redis-state.ts';

/** Where other nodes reach this one's MQTT: as configured, or by the address that it has towards Redis. */
export function reachedAt(
  { cluster, mqtt }: Config,
  { redis }: RedisState,
  [own]: readonly string[],
): string {
  const { port } = new URL(own!.replace('mqtt', 'http'));
  const everywhere = mqtt.host === '0.0.0.0' || mqtt.host === '::';
  const host = cluster.host ?? (everywhere ? (redis.client.stream as Socket).localAddress : mqtt.host);
  return `mqtt://${host?.includes(':') ? `[${host}]` : host}:${port}`;
}
