import { PetrelError } from '../../../schemas/errors.ts';
import type {
  EntryChange,
  FeedItem,
  Publication,
  PublishOutcome,
  RowChange,
  SessionChanges,
  SharedCustom,
  SharedEntry,
  SharedLimits,
  SharedRow,
  SharedWill,
} from '../../shared-custom.ts';
import { RedisConnection, type RedisReply, type RedisScript } from './client.ts';
import * as scripts from './custom/scripts.ts';
import { toUnavailable } from './errors.ts';
import { channelPrefix, key } from './keys.ts';
import { scanHash } from './scan.ts';

export interface RedisCustomOptions {
  readonly url: string;
  readonly limits: SharedLimits;
  readonly now: () => number;
  /** Told of a message of the feed that makes no sense. */
  readonly onError: (error: unknown) => void;
}

/** So many bytes at the beginning of a message of the feed say how long its head is. */
const headLengthBytes = 8;
/** What one call takes away of a node that died, so that no script runs long. */
const leftAtOnce = 500;

/** Opens the shared store of custom topics, with connections of its own. Rejects with `store.unavailable`. */
export async function openRedisCustom(options: RedisCustomOptions): Promise<SharedCustom> {
  const { url } = options;
  const commands = await RedisConnection.open({ url, name: 'petrel-custom' });
  try {
    const feed = await RedisConnection.open({ url, name: 'petrel-custom-feed' });
    const custom = new RedisCustom(commands, feed, options);
    await custom.listen().catch(async (error: unknown) => {
      await feed.close();
      throw error;
    });
    return custom;
  } catch (error) {
    await commands.close();
    throw error;
  }
}

class RedisCustom implements SharedCustom {
  readonly #redis: RedisConnection;
  readonly #feed: RedisConnection;
  readonly #options: RedisCustomOptions;
  readonly #keys: readonly string[];
  readonly #channel: string;
  readonly #scripts: Readonly<Record<keyof typeof scripts, RedisScript>>;
  readonly #onFeed = new Set<(item: FeedItem) => void>();
  readonly #onFeedBack = new Set<() => void>();

  constructor(redis: RedisConnection, feed: RedisConnection, options: RedisCustomOptions) {
    this.#redis = redis;
    this.#feed = feed;
    this.#options = options;
    this.#channel = `${channelPrefix(redis.database)}custom`;
    this.#keys = [key('custom', ''), this.#channel];
    const bytes: ReadonlySet<string> = new Set(['claimScript', 'entriesScript', 'forgetScript']);
    this.#scripts = Object.fromEntries(
      Object.entries(scripts).map(([name, lua]) => [
        name,
        redis.script(lua, bytes.has(name) ? 'bytes' : 'strings'),
      ]),
    ) as Record<keyof typeof scripts, RedisScript>;
  }

  async listen(): Promise<void> {
    const { client } = this.#feed;
    client.on('messageBuffer', (_channel: Buffer, message: Buffer) => this.#heard(message));
    await this.#subscribe();
    this.#feed.onUp(() => {
      this.#subscribe().then(
        () => {
          for (const handler of this.#onFeedBack) handler();
        },
        // It is made anew, and tried again.
        () => this.#feed.reset(),
      );
    });
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#feed.client.subscribe(this.#channel);
    } catch (error) {
      throw toUnavailable(error);
    }
  }

  #heard(message: Buffer): void {
    try {
      const item = itemOf(message);
      for (const handler of this.#onFeed) handler(item);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  async publish(
    at: number,
    batch: readonly Publication[],
  ): Promise<{ readonly stale: number } | readonly PublishOutcome[]> {
    const { limits, now } = this.#options;
    const parts: Buffer[] = [];
    // In Lua the first argument is 1, and it is the JSON.
    const part = (bytes: Buffer): number => parts.push(bytes) + 1;
    const plan = {
      at,
      now: now(),
      limits: {
        count: limits.maxQueuedMessages,
        bytes: limits.maxQueuedBytes,
        total: limits.maxQueuedBytesTotal,
        flying: limits.maxInFlight,
        flyingBytes: limits.maxInFlightBytes,
        retained: limits.maxRetainedMessages,
        retainedBytes: limits.maxRetainedBytes,
      },
      m: batch.map(({ frame, bodyBytes, weight, expiresAt, live, receivers, groups, retain }) => ({
        ...{ f: part(frame), d: bodyBytes, w: weight, x: expiresAt, l: live, e: receivers },
        g: groups.map((group) =>
          group.map(({ session, filter, copy, queues, persistent }) => ({
            ...{ s: session, f: filter, c: copy, q: queues, p: persistent },
          })),
        ),
        ...(retain !== undefined && {
          t: {
            t: retain.topic,
            w: retain.weight,
            ...(retain.record !== undefined && { i: part(retain.record) }),
          },
        }),
      })),
    };
    const reply = await this.#run('publishScript', JSON.stringify(plan), ...parts);
    if (typeof reply === 'string') return { stale: Number(reply.slice('stale '.length)) };
    return (reply as string[]).map(outcomeOf);
  }

  async changeRows(changes: readonly RowChange[]): Promise<number> {
    const rows = changes.map(({ session, filter, row, ifNode }) =>
      row === undefined
        ? [session, filter, false, ...(ifNode === undefined ? [] : [ifNode])]
        : [session, filter, JSON.stringify(row), ...(row.node === undefined ? [] : [row.node])],
    );
    return Number(await this.#run('rowsScript', JSON.stringify(rows)));
  }

  async number(): Promise<number> {
    return Number(await this.#redis.command('get', this.#name('number')));
  }

  async rows(): Promise<{ readonly number: number; readonly rows: readonly RowChange[] }> {
    const number = await this.number();
    const rows: RowChange[] = [];
    for await (const fields of scanHash(this.#redis, this.#name('rows'))) {
      for (let i = 0; i < fields.length; i += 2) {
        const [session, filter] = `${fields[i]}`.split('\0');
        rows.push({ session: session!, filter: filter!, row: JSON.parse(`${fields[i + 1]}`) as SharedRow });
      }
    }
    return { number, rows };
  }

  retained(): AsyncIterable<Buffer[]> {
    return scanHash(this.#redis, this.#name('retained'));
  }

  async expireRetained(topic: string, now: number): Promise<void> {
    await this.#run('expireRetainedScript', topic, now);
  }

  async claim(
    session: string,
    node: string,
    token: string,
  ): Promise<{ readonly last: number; readonly entries: readonly SharedEntry[] }> {
    const [last, entries] = (await this.#run('claimScript', session, node, token)) as [Buffer, Buffer[]];
    return { last: Number(last.toString()), entries: entriesOf(entries) };
  }

  async holds(session: string): Promise<boolean> {
    return (await this.#redis.command('exists', this.#name(`q:${session}`))) === 1;
  }

  async entriesAfter(
    session: string,
    token: string,
    after: number,
  ): Promise<readonly SharedEntry[] | undefined> {
    const entries = await this.#run('entriesScript', session, token, after);
    return entries === null ? undefined : entriesOf(entries as Buffer[]);
  }

  async progress(node: string, changes: readonly SessionChanges[]): Promise<readonly string[]> {
    const bodies: Buffer[] = [];
    const text = JSON.stringify(
      changes.map(({ session, token, entries, release }) => ({
        ...{ s: session, t: token, e: entries.map((entry) => changeOf(entry, bodies)) },
        ...(release && { x: true }),
      })),
    );
    return (await this.#run('progressScript', node, text, ...bodies)) as string[];
  }

  async forget(session: string): Promise<readonly SharedEntry[]> {
    return entriesOf((await this.#run('forgetScript', session)) as Buffer[]);
  }

  async nodes(): Promise<readonly string[]> {
    return (await this.#redis.command('smembers', this.#name('nodes'))) as string[];
  }

  async nodeLeft(node: string): Promise<void> {
    while (Number(await this.#run('nodeLeftScript', node, leftAtOnce)) > 0);
  }

  async keepWill(node: string, { session, token, record }: SharedWill): Promise<void> {
    await this.#run('keepWillScript', node, session, token, record);
  }

  async delayWill(session: string, token: string, dueAt: number): Promise<boolean> {
    return (await this.#run('delayWillScript', session, token, dueAt)) === 1;
  }

  async dropWill(session: string, token: string): Promise<boolean> {
    return (await this.#run('dropWillScript', session, token)) === 1;
  }

  async takeWill(
    node: string,
    session: string,
    token: string | undefined,
  ): Promise<SharedWill | 'replaced' | undefined> {
    const reply = await this.#run('takeWillScript', node, session, token ?? '');
    if (reply === 'replaced') return reply;
    return reply === null ? undefined : willsOf(reply as string[])[0];
  }

  async adoptWills(dead: string, node: string, limit: number): Promise<readonly SharedWill[]> {
    return willsOf((await this.#run('adoptWillsScript', dead, node, limit)) as string[]);
  }

  onFeed(handler: (item: FeedItem) => void): () => void {
    this.#onFeed.add(handler);
    return () => void this.#onFeed.delete(handler);
  }

  onFeedBack(handler: () => void): () => void {
    this.#onFeedBack.add(handler);
    return () => void this.#onFeedBack.delete(handler);
  }

  async check(): Promise<void> {
    if (!this.#feed.isUp) throw new PetrelError('store.unavailable');
    await this.#redis.check();
  }

  async close(): Promise<void> {
    await Promise.all([this.#redis.close(), this.#feed.close()]);
  }

  #name(name: string): string {
    return this.#keys[0] + name;
  }

  #run(script: keyof typeof scripts, ...args: (string | number | Buffer)[]): Promise<RedisReply> {
    return this.#scripts[script](this.#keys, args);
  }
}

/** The head as JSON behind its length, then the frame. */
function itemOf(message: Buffer): FeedItem {
  const start = headLengthBytes + Number(message.toString('latin1', 0, headLengthBytes));
  const head = JSON.parse(message.toString('utf8', headLengthBytes, start)) as {
    n: number;
    r?: [string, string, (string | false)?][];
    l?: true;
    e?: [string, number, string][];
    c?: [string, string][];
  };
  if (!Number.isSafeInteger(head.n)) throw new Error('A message of the feed has no number.');
  if (head.r !== undefined) {
    const rows = head.r.map(([session, filter, row]) => ({
      ...{ session, filter },
      ...(row && { row: JSON.parse(row) as SharedRow }),
    }));
    return { number: head.n, rows };
  }
  return {
    ...{ number: head.n, frame: message.subarray(start), live: head.l ?? false },
    ...(head.e !== undefined && { entries: head.e }),
    ...(head.c !== undefined && { chosen: head.c }),
  };
}

function outcomeOf(text: string): PublishOutcome {
  if (text === 'queues-full' || text === 'retained-full') return text;
  const [number, queued, dropped] = text.split(' ').map(Number);
  return { number: number!, queued: queued!, dropped: dropped! };
}

function entriesOf(parts: readonly Buffer[]): SharedEntry[] {
  const entries: SharedEntry[] = [];
  for (let i = 0; i + 4 < parts.length; i += 5) {
    const [id, copy, state, received] = parts.slice(i, i + 4).map(String);
    const [packetId, place] = state!.split(' ').map(Number);
    entries.push({
      ...{ id: Number(id), copy: copy!, body: parts[i + 4]!, received: received === '1' },
      ...(state !== '' && { sent: { packetId: packetId!, place: place! } }),
    });
  }
  return entries;
}

function changeOf({ id, add, sent, received, remove }: EntryChange, bodies: Buffer[]): object {
  return {
    i: id,
    // The node and the text stand before the bodies, and Lua counts from 1.
    ...(add !== undefined && { a: { c: add.copy, w: add.weight, b: bodies.push(add.body) + 2 } }),
    ...(sent !== undefined && { p: `${sent.packetId} ${sent.place}` }),
    ...(received && { r: true }),
    ...(remove && { d: true }),
  };
}

function willsOf(parts: readonly string[]): SharedWill[] {
  const wills: SharedWill[] = [];
  for (let i = 0; i + 3 < parts.length; i += 4) {
    const [session, token, record, due] = parts.slice(i, i + 4);
    wills.push({
      ...{ session: session!, token: token!, record: record! },
      ...(due !== '' && { dueAt: Number(due) }),
    });
  }
  return wills;
}
