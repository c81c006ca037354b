import { createHash } from 'node:crypto';
import { Redis, type RedisOptions } from 'ioredis';
import { PetrelError } from '../../../schemas/errors.ts';
import { isNoScript, isReply, toUnavailable } from './errors.ts';
import { Watchdog } from './watchdog.ts';

/** What an argument of a command may be; numbers go as their decimal digits. */
export type RedisArgument = string | number | Buffer;
/** A command with its arguments: `['hset', key, field, value]`. */
export type RedisCommand = readonly [name: string, ...args: RedisArgument[]];
/** What Redis answers: bulk strings are strings, or Buffers where those were asked for. */
export type RedisReply = string | number | Buffer | null | RedisReply[];
/** A Lua script that Redis holds: called with its keys and its arguments. */
export type RedisScript = (keys: readonly string[], args: readonly RedisArgument[]) => Promise<RedisReply>;

export interface RedisConnectionOptions {
  /** `redis://user:password@host:port/database`; `rediss://` for TLS. */
  readonly url: string;
  /** Shown in CLIENT LIST. */
  readonly name?: string;
  /** How long an answer may take before the command fails and the connection counts as dead, ms. */
  readonly timeoutMs?: number;
  /** How often the connection is tried while it is silent, ms. */
  readonly pingMs?: number;
  /** Between attempts to connect, at most, ms. */
  readonly retryMs?: number;
}

const timeoutDefaultMs = 5000;
const pingDefaultMs = 1000;
const retryDefaultMs = 1000;

/** The options of ioredis for a connection as `RedisConnection` describes it, also for libraries that make their own. */
export const clientOptions = ({
  name,
  timeoutMs = timeoutDefaultMs,
  retryMs = retryDefaultMs,
}: Omit<RedisConnectionOptions, 'url' | 'pingMs'> = {}): RedisOptions => ({
  lazyConnect: true,
  connectTimeout: timeoutMs,
  commandTimeout: timeoutMs,
  disconnectTimeout: 500,
  ...(name !== undefined && { connectionName: name }),
  disableClientInfo: true,
  // Nothing waits for a connection, and what was not answered is not done again: only its caller knows whether it may be.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), retryMs) * (0.5 + Math.random() / 2),
  // A master that became a replica: its name leads to another server now.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
});

/**
 * One connection to Redis, which makes itself anew whenever it is lost, for as long as it is not closed.
 *
 * Guarantees: what Redis cannot do now rejects with PetrelError `store.unavailable`, at once while there is no connection and after
 * `timeoutMs` at the latest: whether it was done is not known then. Nothing is sent a second time. A server that is frozen, or cut off
 * without a word, is noticed within `pingMs` + `timeoutMs`. Other refusals of Redis (a wrong command, an error of a script) reject as they are.
 */
export class RedisConnection {
  /** ioredis' own client, for libraries that want one. Its errors are not ours. */
  readonly client: Redis;
  /** The number in the URL's path. */
  readonly database: number;
  readonly #timeoutMs: number;
  readonly #watchdog: Watchdog;
  readonly #onUp = new Set<() => void>();
  readonly #onDown = new Set<() => void>();
  #lastError: unknown;
  #closed = false;

  private constructor(options: RedisConnectionOptions) {
    const { url, timeoutMs = timeoutDefaultMs, pingMs = pingDefaultMs } = options;
    this.client = new Redis(url, clientOptions(options));
    this.database = this.client.options.db ?? 0;
    this.#timeoutMs = timeoutMs;
    // Without a listener ioredis writes to the console.
    this.client.on('error', (error) => {
      // What follows from a refusal says less than the refusal.
      if (!isSelect(this.#lastError)) this.#lastError = error;
      // ioredis goes on with database 0, which belongs to others, where it may not have its own.
      if (isSelect(error)) this.reset();
    });
    let isUp = false;
    this.client.on('ready', () => {
      isUp = true;
      this.#watchdog.start();
      for (const handler of this.#onUp) handler();
    });
    this.client.on('close', () => {
      this.#watchdog.stop();
      if (!isUp) return;
      isUp = false;
      for (const handler of this.#onDown) handler();
    });
    this.#watchdog = new Watchdog({
      pingMs,
      timeoutMs,
      ping: () => this.client.ping(),
      dead: () => this.reset(),
    });
  }

  /** Rejects where the server cannot be had now. */
  static async open(options: RedisConnectionOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(options);
    try {
      await connection.client.connect();
      if (connection.database !== 0) await connection.client.select(connection.database);
      return connection;
    } catch (error) {
      const cause = isReply(error) ? error : (connection.#lastError ?? error);
      await connection.close();
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new PetrelError('store.unavailable', `Redis cannot be reached: ${message}`, { cause });
    }
  }

  get isUp(): boolean {
    return this.client.status === 'ready';
  }

  /** Each time the connection is there again. Answers a function that ends it; so does `onDown`. */
  onUp(handler: () => void): () => void {
    this.#onUp.add(handler);
    return () => void this.#onUp.delete(handler);
  }

  /** Each time the connection is lost: what was not answered yet has failed, or is about to. */
  onDown(handler: () => void): () => void {
    this.#onDown.add(handler);
    return () => void this.#onDown.delete(handler);
  }

  /** One command: `command('get', key)`. */
  async command(name: string, ...args: RedisArgument[]): Promise<RedisReply> {
    try {
      return (await this.client.call(name, args)) as RedisReply;
    } catch (error) {
      throw toUnavailable(error);
    }
  }

  /** The same; what Redis answers stays bytes. */
  async commandBuffer(name: string, ...args: RedisArgument[]): Promise<RedisReply> {
    try {
      return (await this.client.callBuffer(name, args)) as RedisReply;
    } catch (error) {
      throw toUnavailable(error);
    }
  }

  /** Several commands in one write, each for itself. Rejects with the first one's error; the others were done or not. */
  pipeline(commands: readonly RedisCommand[]): Promise<RedisReply[]> {
    return this.#together(this.client.pipeline(), commands);
  }

  /** Several commands of which nobody sees a part (MULTI). */
  async transaction(commands: readonly RedisCommand[]): Promise<RedisReply[]> {
    return this.#together(this.client.multi(), commands);
  }

  async #together(
    batch: ReturnType<Redis['pipeline']>,
    commands: readonly RedisCommand[],
  ): Promise<RedisReply[]> {
    if (commands.length === 0) return [];
    for (const [name, ...args] of commands) batch.call(name, args);
    let results: [Error | null, unknown][] | null;
    try {
      results = await batch.exec();
    } catch (error) {
      throw toUnavailable(error);
    }
    return (results ?? []).map(([error, reply]) => {
      if (error !== null) throw toUnavailable(error);
      return reply as RedisReply;
    });
  }

  /** Makes a script callable; it is sent whole where Redis does not have it (any more). Its keys begin with our prefix. */
  script(lua: string, answers: 'strings' | 'bytes' = 'strings'): RedisScript {
    const sha = createHash('sha1').update(lua).digest('hex');
    const call = (name: string, ...args: RedisArgument[]): Promise<RedisReply> =>
      answers === 'strings' ? this.command(name, ...args) : this.commandBuffer(name, ...args);
    return async (keys, args) => {
      try {
        return await call('evalsha', sha, keys.length, ...keys, ...args);
      } catch (error) {
        if (!isNoScript(error)) throw error;
        return call('eval', lua, keys.length, ...keys, ...args);
      }
    };
  }

  /** Gives the connection up as if it were lost; the next one is made at once. */
  reset(): void {
    this.client.stream?.destroy();
  }

  /** Rejects with `store.unavailable` where Redis does not answer now. */
  async check(): Promise<void> {
    await this.command('ping');
  }

  /** What was asked for is answered first, if Redis does so in time. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watchdog.stop();
    const { client } = this;
    if (client.status === 'ready') {
      const ended = new Promise((resolve) => client.once('end', resolve));
      const timer = setTimeout(() => client.stream.destroy(), this.#timeoutMs);
      await client.quit().catch(() => client.disconnect());
      await ended;
      clearTimeout(timer);
      return;
    }
    client.disconnect();
    client.stream?.destroy();
  }
}

const isSelect = (error: unknown): boolean =>
  isReply(error) && (error as Error & { command?: { name: string } }).command?.name === 'select';
