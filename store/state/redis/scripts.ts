import type { RedisConnection, RedisScript } from './client.ts';

/**
 * Scripts that Redis has before they are called, whenever it was connected to: so calls take effect in their order. (One
 * that is sent whole where it is not known comes behind others.) Rejects with `store.unavailable`.
 */
export async function loadedScripts<Name extends string>(
  redis: RedisConnection,
  texts: Readonly<Record<Name, string>>,
): Promise<Readonly<Record<Name, RedisScript>>> {
  const load = (): Promise<unknown> =>
    Promise.all(Object.values<string>(texts).map((text) => redis.command('script', 'load', text)));
  // Where it fails they are sent whole.
  redis.onUp(() => void load().catch(() => {}));
  await load();
  const scripts = Object.entries<string>(texts).map(([name, text]) => [name, redis.script(text)]);
  return Object.fromEntries(scripts) as Record<Name, RedisScript>;
}
