import type { RedisConnection } from './client.ts';

type Warn = (message: string) => void;

/** Looks how the server keeps what it is given, and warns of what would lose it. A server that does not tell is taken as it is. */
export async function checkPersistence(redis: RedisConnection, warn: Warn): Promise<void> {
  const settings = await readSettings(redis);
  if (settings === undefined) return;
  const lost = 'Sessions may be lost with a crash of Redis';
  if (settings.get('appendonly') === 'no') warn(`${lost}: set appendonly to yes and appendfsync to always.`);
  else if ((settings.get('appendfsync') ?? 'always') !== 'always')
    warn(`${lost}, as far as its last second: set appendfsync to always.`);
  const policy = settings.get('maxmemory-policy') ?? 'noeviction';
  if (policy !== 'noeviction' && settings.get('maxmemory') !== '0')
    warn(`Redis drops what it was given when it is full (${policy}): set maxmemory-policy to noeviction.`);
}

async function readSettings(redis: RedisConnection): Promise<Map<string, string> | undefined> {
  try {
    const replies = await redis.pipeline([
      ['config', 'get', 'append*'],
      ['config', 'get', 'maxmemory*'],
    ]);
    const flat = replies.flat() as string[];
    return new Map(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]!]] : [])));
  } catch {
    // Hosted servers do not allow the question.
    return undefined;
  }
}
