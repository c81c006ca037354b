import type { CustomRecord } from '../../../custom.ts';
import {
  decodeCopy,
  decodeRecord,
  encodeCopy,
  encodeRecord,
  measured,
} from '../../../shared-custom/codec.ts';
import { RetainedRecords } from '../../../shared-custom/records.ts';
import { fromShared, toShared } from '../../../shared-custom/wills.ts';
import type { SharedRow } from '../../../shared-custom.ts';
import type { CustomTransfer, MovedEntry, SessionRow } from '../../../transfer.ts';
import type { RedisConnection, RedisScript } from '../client.ts';
import { channelPrefix, key } from '../keys.ts';
import { scanHash, scanKeys } from '../scan.ts';
import { delayWillScript, keepWillScript, rowsScript } from './scripts.ts';
import { loadEntriesScript, loadRetainedScript } from './transfer-scripts.ts';

/** Takes what is loaded in the name of a node that has died: whoever starts takes its wills up. */
const node = 'moved';

const atOnce = 200;
const bytesAtOnce = 1 << 20;
/** Queues that are read at once. */
const queuesAtOnce = 16;
/** Of messages that are in several queues, so that most are read once. */
const maxRememberedBytes = 32 << 20;

const custom = (name: string): string => key('custom', name);

interface Message {
  readonly id: string;
  readonly weight: number;
  readonly expiresAt: number;
}

/** A cluster's custom topics as they move, while no node lives. The connection stays the caller's. */
export class RedisCustomTransfer implements CustomTransfer {
  readonly #redis: RedisConnection;
  readonly #keys: readonly string[];
  readonly #records: RetainedRecords;
  readonly #loadRetained: RedisScript;
  readonly #loadEntries: RedisScript;
  readonly #keepWill: RedisScript;
  readonly #delayWill: RedisScript;
  readonly #changeRows: RedisScript;
  /** Of messages that were loaded. */
  readonly #messages = new WeakMap<CustomRecord, Message>();
  /** Of messages that were read, by id. */
  readonly #read = new Map<string, CustomRecord>();
  #readBytes = 0;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
    this.#keys = [custom(''), `${channelPrefix(redis.database)}custom`];
    this.#records = new RetainedRecords(() => scanHash(redis, custom('retained')));
    this.#loadRetained = redis.script(loadRetainedScript);
    this.#loadEntries = redis.script(loadEntriesScript);
    this.#keepWill = redis.script(keepWillScript);
    this.#delayWill = redis.script(delayWillScript);
    this.#changeRows = redis.script(rowsScript);
  }

  async *retained(): AsyncGenerator<CustomRecord> {
    // A scan may name a field twice.
    const told = new Set<string>();
    for await (const body of this.#records.all()) {
      const record = decodeRecord(body);
      if (told.has(record.topic)) continue;
      told.add(record.topic);
      yield record;
    }
  }

  async loadRetained(messages: readonly CustomRecord[]): Promise<void> {
    for (const some of inChunks(messages, (message) => message)) {
      const facts = some.map((message, i) => {
        const { weight, expiresAt } = measured(message);
        // In Lua the first argument is 1, and it is the JSON.
        return [message.topic, weight, expiresAt, i + 2];
      });
      const records = some.map((message) =>
        this.#records.record(message.topic, message.qos, encodeRecord(message)),
      );
      await this.#loadRetained(this.#keys, [JSON.stringify(facts), ...records]);
    }
  }

  async *wills(): AsyncGenerator<CustomRecord> {
    for await (const keys of scanKeys(this.#redis, custom('will:'))) {
      const wills = await this.#redis.pipeline(keys.map((will) => ['hmget', will, 'record', 'due'] as const));
      for (const will of wills) {
        const [record, due] = will as [string | null, string | null];
        if (record !== null) yield fromShared(record, due === null ? undefined : Number(due));
      }
    }
  }

  async loadWills(messages: readonly CustomRecord[]): Promise<void> {
    for (const message of messages) {
      const { record, dueAt } = toShared(message);
      const session = message.from;
      await this.#keepWill(this.#keys, [node, session, node, record]);
      if (dueAt !== undefined) await this.#delayWill(this.#keys, [session, node, dueAt]);
    }
  }

  async *entries(): AsyncGenerator<MovedEntry> {
    const prefix = custom('q:');
    for await (const keys of scanKeys(this.#redis, prefix))
      for (let i = 0; i < keys.length; i += queuesAtOnce) {
        const some = keys.slice(i, i + queuesAtOnce);
        const queues = await Promise.all(some.map((queue) => this.#queue(queue, queue.slice(prefix.length))));
        for (const queue of queues) yield* queue;
      }
  }

  async #queue(name: string, session: string): Promise<MovedEntry[]> {
    // ioredis makes an object of the answer to this command.
    const reply: unknown = await this.#redis.command('hgetall', name);
    const fields = new Map(Object.entries(reply as Record<string, string>));
    const found = [...fields].flatMap(([field, value]) => {
      const id = /^e(-?\d+)$/.exec(field)?.[1];
      if (id === undefined) return [];
      const [, message, copy] = /^(\S+) \S+ \S+ (.*)$/s.exec(value)!;
      const [packetId, place] = (fields.get(`s${id}`) ?? '').split(' ').map(Number);
      return {
        id: Number(id),
        message: message!,
        copy: copy!,
        packetId,
        place,
        received: fields.has(`r${id}`),
      };
    });
    // As whoever claims the session sends them: those in flight in the order of sending, then those that wait.
    const rank = ({ place = Number.POSITIVE_INFINITY }: { readonly place: number | undefined }) => place;
    found.sort((a, b) => (rank(a) === rank(b) ? a.id - b.id : rank(a) - rank(b)));
    const messages = await Promise.all(found.map(({ message }) => this.#message(message)));
    return found.flatMap(({ copy: text, packetId, place, received }, i) => {
      const message = messages[i];
      if (message === undefined) return [];
      const { copy, share } = decodeCopy(text);
      return {
        ...{ session, message, qos: copy.qos as 1 | 2, retain: copy.retain, received },
        ...(copy.identifiers !== undefined && { identifiers: copy.identifiers }),
        ...(share !== undefined && { share }),
        ...(place !== undefined && { packetId: packetId! }),
      };
    });
  }

  async #message(id: string): Promise<CustomRecord | undefined> {
    const known = this.#read.get(id);
    if (known !== undefined) return known;
    const body = await this.#redis.commandBuffer('hget', custom(`m:${id}`), 'body');
    if (body === null) return undefined;
    // Whoever asked for it at the same time has got the same object.
    const record = this.#read.get(id) ?? decodeRecord(body as Buffer);
    if (this.#read.has(id)) return record;
    if (this.#readBytes > maxRememberedBytes) {
      this.#read.clear();
      this.#readBytes = 0;
    }
    this.#read.set(id, record);
    this.#readBytes += (body as Buffer).length;
    return record;
  }

  async loadEntries(entries: readonly MovedEntry[]): Promise<void> {
    for (const some of inChunks(entries, ({ message }) => message)) {
      const bodies: Buffer[] = [];
      const fresh: unknown[] = [];
      for (const { message } of some) {
        if (this.#messages.has(message)) continue;
        const id = `a${await this.#redis.command('incr', custom('bodies'))}`;
        const { weight, expiresAt } = measured(message);
        this.#messages.set(message, { id, weight, expiresAt });
        // The text and the time stand before the bodies, and Lua counts from 1.
        fresh.push([id, weight, bodies.push(encodeRecord(message)) + 2]);
      }
      const asked = some.map(({ session, message, qos, retain, identifiers, share, packetId, received }) => {
        const { id, weight, expiresAt } = this.#messages.get(message)!;
        const copy = encodeCopy({ qos, retain, identifiers }, share);
        return [session, id, weight, expiresAt, copy, packetId ?? 0, received];
      });
      const text = JSON.stringify({ m: fresh, e: asked });
      await this.#loadEntries(this.#keys, [text, Date.now(), ...bodies]);
    }
  }

  async clearEntries(): Promise<void> {
    for (const prefix of ['q:', 'm:'])
      for await (const keys of scanKeys(this.#redis, custom(prefix)))
        if (keys.length > 0) await this.#redis.command('unlink', ...keys);
    await this.#redis.command('del', custom('bytes'));
  }

  readonly rows = {
    all: () => this.#rows(),
    load: async (rows: readonly SessionRow[]): Promise<void> => {
      for (let i = 0; i < rows.length; i += atOnce) {
        const changes = rows.slice(i, i + atOnce).map(({ session, subscription }) => {
          const row: SharedRow = { subscription };
          return [session, subscription.filter, JSON.stringify(row)];
        });
        await this.#changeRows(this.#keys, [JSON.stringify(changes)]);
      }
    },
  };

  async *#rows(): AsyncGenerator<readonly SessionRow[]> {
    const told = new Set<string>();
    for await (const fields of scanHash(this.#redis, custom('rows'))) {
      const rows: SessionRow[] = [];
      for (let i = 0; i < fields.length; i += 2) {
        const field = `${fields[i]}`;
        const { subscription, node: connected } = JSON.parse(`${fields[i + 1]}`) as SharedRow;
        // Those of a session that ends with its connection have gone with it.
        if (told.has(field) || connected !== undefined) continue;
        told.add(field);
        rows.push({ session: field.slice(0, field.indexOf('\0')), subscription });
      }
      yield rows;
    }
  }
}

/** Lists of bounded size. */
function* inChunks<T>(all: readonly T[], messageOf: (one: T) => CustomRecord): Generator<readonly T[]> {
  let list: T[] = [];
  let bytes = 0;
  for (const one of all) {
    list.push(one);
    bytes += messageOf(one).payload.length;
    if (list.length < atOnce && bytes < bytesAtOnce) continue;
    yield list;
    [list, bytes] = [[], 0];
  }
  if (list.length > 0) yield list;
}
