import type { Orphan } from '../../owners.ts';
import type { RedisConnection, RedisScript } from './client.ts';
import { infosKey, leasesKey } from './nodes.ts';
import { orphansPrefix } from './session-keys.ts';

/** Orphans that are taken over, and finished, at once. */
const atOnce = 200;

export interface OrphansOptions {
  readonly redis: RedisConnection;
  readonly node: string;
  readonly bury: RedisScript;
  readonly everyMs?: number;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** Takes over what nodes that left have not finished, and has it finished here; what fails is tried again. */
export class Orphans {
  readonly #options: OrphansOptions;
  readonly #handlers = new Set<(orphan: Orphan) => Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #again = false;

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  on(handler: (orphan: Orphan) => Promise<void>): () => void {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), this.#options.everyMs ?? 1000);
    this.#timer.unref();
    this.look();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#looking;
  }

  /** One look at a time; where all that it found was finished there may be more. */
  look(): void {
    if (this.#timer === undefined) return;
    if (this.#looking !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#looking = this.#look()
      // Redis is away: the next look is in a second.
      .catch(() => false)
      .then((isMore) => {
        this.#looking = undefined;
        if (isMore || this.#again) this.look();
      });
  }

  /** Answers whether all that it found, and something, was finished. */
  async #look(): Promise<boolean> {
    const { redis, node, bury, now } = this.#options;
    if (!redis.isUp) return false;
    const found = (await bury([leasesKey, infosKey], [node, atOnce, now()])) as string[];
    const orphans: Orphan[] = [];
    for (let i = 0; i < found.length; i += 2) orphans.push(parse(found[i]!, found[i + 1]!));
    const finished = await Promise.all(orphans.map((orphan) => this.#finish(orphan)));
    const numbers = orphans.filter((_, i) => finished[i]).map(({ number }) => number);
    if (numbers.length > 0) await redis.command('hdel', orphansPrefix + node, ...numbers);
    return orphans.length > 0 && numbers.length === orphans.length;
  }

  async #finish(orphan: Orphan): Promise<boolean> {
    try {
      await Promise.all([...this.#handlers].map((handler) => handler(orphan)));
      return true;
    } catch (error) {
      this.#options.onError(error);
      return false;
    }
  }
}

/** `{node} {at} {session}`; ids of nodes have no space. */
function parse(number: string, text: string): Orphan {
  const first = text.indexOf(' ');
  const second = text.indexOf(' ', first + 1);
  return {
    number: Number(number),
    node: text.slice(0, first),
    at: Number(text.slice(first + 1, second)),
    key: text.slice(second + 1),
  };
}
