import { chunked } from '../../chunks.ts';
import type { Rates, RateUse } from '../../rates.ts';
import type { RedisConnection, RedisScript } from './client.ts';
import { key } from './keys.ts';

/** Keys: buckets, as `{tokens} {at}`; a full one is none. Arguments, for each: tokens a ms, burst, what was taken and how long ago. */
const settleScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local left = {}
for i = 1, #KEYS do
  local perMs, burst = tonumber(ARGV[4 * i - 3]), tonumber(ARGV[4 * i - 2])
  local taken, from = tonumber(ARGV[4 * i - 1]), now - tonumber(ARGV[4 * i])
  local tokens, at = burst, from
  local known = redis.call('GET', KEYS[i])
  if known then
    tokens, at = string.match(known, '(%S+) (%S+)')
    at = math.min(tonumber(at), now)
    from = math.max(from, at)
    tokens = math.min(burst, tonumber(tokens) + (from - at) * perMs)
  end
  tokens = math.min(burst, tokens - taken + (now - from) * perMs)
  if tokens >= burst then redis.call('DEL', KEYS[i])
  else
    local fullInMs = math.ceil((burst - tokens) / perMs) + 1000
    redis.call('SET', KEYS[i], string.format('%.6f %.3f', tokens, now), 'PX', string.format('%.0f', fullInMs))
  end
  left[i] = string.format('%.6f', tokens)
end
return left`;

/** Key: a count. Arguments: how many there may be, the window in ms. */
const attemptScript = `
local count = tonumber(redis.call('GET', KEYS[1])) or 0
if count >= tonumber(ARGV[1]) then return math.max(1, redis.call('PTTL', KEYS[1])) end
if count == 0 then redis.call('SET', KEYS[1], 1, 'PX', ARGV[2]) else redis.call('INCR', KEYS[1]) end
return 0`;

/** What one script settles: Redis serves nobody else meanwhile. */
const maxSettled = 500;

const bucketKey = (name: string): string => key('rate', name);
const attemptKey = (name: string): string => key('attempts', name);

export class RedisRates implements Rates {
  readonly #redis: RedisConnection;
  readonly #settle: RedisScript;
  readonly #attempt: RedisScript;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
    this.#settle = redis.script(settleScript);
    this.#attempt = redis.script(attemptScript);
  }

  async settle(uses: readonly RateUse[]): Promise<number[]> {
    const left: number[] = [];
    for (const some of chunked(uses, maxSettled)) {
      const args = some.flatMap(({ perSecond, burst, taken, agoMs }) => [
        perSecond / 1000,
        burst,
        taken,
        agoMs,
      ]);
      const answer = await this.#settle(
        some.map((use) => bucketKey(use.key)),
        args,
      );
      left.push(...(answer as string[]).map(Number));
    }
    return left;
  }

  async attempt(name: string, max: number, windowMs: number): Promise<number> {
    return (await this.#attempt([attemptKey(name)], [max, windowMs])) as number;
  }

  async forget(name: string): Promise<void> {
    await this.#redis.command('del', attemptKey(name));
  }
}
