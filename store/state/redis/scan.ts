import type { RedisConnection } from './client.ts';

const count = 500;

/** All keys that begin so and stay, each once, in lists. */
export async function* scanKeys(redis: RedisConnection, prefix: string): AsyncGenerator<readonly string[]> {
  // SCAN may name a key twice.
  const told = new Set<string>();
  let cursor = '0';
  do {
    const scan = await redis.command('scan', cursor, 'match', `${prefix}*`, 'count', count);
    const [next, keys] = scan as [string, string[]];
    cursor = next;
    const fresh = keys.filter((key) => !told.has(key));
    for (const key of fresh) told.add(key);
    yield [...new Set(fresh)];
  } while (cursor !== '0');
}

/** All fields of a hash, each before its value, in lists; some may come twice. */
export async function* scanHash(redis: RedisConnection, name: string): AsyncGenerator<Buffer[]> {
  let cursor = '0';
  do {
    const reply = await redis.commandBuffer('hscan', name, cursor, 'count', count);
    const [next, fields] = reply as [Buffer, Buffer[]];
    cursor = next.toString();
    yield fields;
  } while (cursor !== '0');
}
