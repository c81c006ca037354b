import { randomBytes } from 'node:crypto';
import { MongoBulkWriteError } from 'mongodb';
import { type ConvId, parseConv } from '../../../schemas/event.ts';
import type { Appended, Submission } from '../../timeline.ts';
import { advance, type MutableHead } from '../sequence.ts';
import {
  type Collections,
  type EventRow,
  eventKey,
  isDuplicate,
  toEvent,
  upsert,
  userKey,
} from './documents.ts';
import type { Heads } from './heads.ts';
import type { Replacements } from './replacements.ts';

const maxBatch = 1000;
/** Each time somebody else's event was stored: whoever loses so often should let its client try again. */
const maxRaces = 100;

/** A call of `append` that waits. */
interface Call {
  readonly submissions: readonly Submission[];
  resolve(places: Appended[]): void;
  reject(error: unknown): void;
}

/** A submission on its way, and its place once it has one. */
interface Item {
  readonly submission: Submission;
  readonly key: string;
  place?: Appended;
}

/**
 * Stores batches, one at a time and in the order of calling; what comes while one is under way is the next one. An ordered
 * insert stores a prefix: where it stops, somebody stored this event before (a repeat) or took its seq (another process):
 * the unique indexes tell, and the rest is numbered anew.
 */
export class Appender {
  readonly #collections: Collections;
  readonly #heads: Heads;
  readonly #replacements: Replacements;
  #calls: Call[] = [];
  #running: Promise<void> | undefined;

  constructor(collections: Collections, heads: Heads, replacements: Replacements) {
    this.#collections = collections;
    this.#heads = heads;
    this.#replacements = replacements;
  }

  append(batch: readonly Submission[]): Promise<Appended[]> {
    const submissions = batch.map((one) => ({
      ...one,
      raw: Buffer.from(one.raw),
      ...(one.replaces !== undefined && {
        replaces: one.replaces.map(({ seq, raw }) => ({ seq, raw: Buffer.from(raw) })),
      }),
    }));
    return new Promise((resolve, reject) => {
      this.#calls.push({ submissions, resolve, reject });
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined;
      });
    });
  }

  /** Resolves when all that was asked for is answered. */
  async drained(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#calls.length > 0) {
      const calls = this.#take();
      const items = calls.map(({ submissions }) =>
        submissions.map((submission): Item => ({ submission, key: eventKey(submission) })),
      );
      let failure: unknown;
      try {
        await this.#store(items.flat());
      } catch (error) {
        failure = error;
        for (const { submission } of items.flat()) this.#heads.forget(submission.conv);
      }
      for (const [i, call] of calls.entries()) {
        const places = items[i]!.flatMap(({ place }) => place ?? []);
        if (places.length === items[i]!.length) call.resolve(places);
        else call.reject(failure);
      }
    }
  }

  /** As many of the waiting calls as make a batch; one at least. */
  #take(): Call[] {
    let size = 0;
    const count = this.#calls.findIndex(({ submissions }, i) => {
      size += submissions.length;
      return i > 0 && size > maxBatch;
    });
    return this.#calls.splice(0, count === -1 ? this.#calls.length : count);
  }

  async #store(items: readonly Item[]): Promise<void> {
    // The second of two that are the same waits for what becomes of the first.
    const first = new Map<string, Item>();
    for (const item of items) if (!first.has(item.key)) first.set(item.key, item);
    let waiting = [...first.values()];
    for (let races = 0; waiting.length > 0; races++) {
      if (races > maxRaces) throw new Error('others store into these conversations all the time');
      await this.#insert(waiting);
      waiting = waiting.filter(({ place }) => place === undefined);
      if (waiting.length > 0) {
        await this.#findRepeats(waiting);
        waiting = waiting.filter(({ place }) => place === undefined);
      }
    }
    for (const item of items) {
      const { place } = first.get(item.key)!;
      item.place ??= { ...place!, repeat: true };
    }
  }

  /** Gives the items their places and stores them, up to the first that cannot be stored as it is. */
  async #insert(items: readonly Item[]): Promise<void> {
    const heads = await this.#heads.toAppend(new Set(items.map(({ submission }) => submission.conv)));
    const firstNew = new Map([...heads].map(([conv, { seq }]) => [conv, seq + 1]));
    const now = Date.now();
    const rows: EventRow[] = [];
    const given: Submission[] = [];
    for (const { submission, key } of items) {
      const { conv, revision } = submission;
      const one =
        revision === undefined ? submission : await this.#revised(submission, rows, firstNew.get(conv)!);
      given.push(one);
      rows.push(toRow(one, key, heads.get(conv)!, now));
    }
    await enterDirects(this.#collections, rows);
    await this.#prepareReplacements(given, rows, firstNew);
    let stored = rows.length;
    try {
      await this.#collections.events.insertMany(rows, { ordered: true });
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError && isDuplicate(error))) throw error;
      stored = error.insertedCount;
    }
    for (const [i, { seq, n, ts, conv }] of rows.slice(0, stored).entries()) {
      const isRevised = given[i] !== items[i]!.submission;
      items[i]!.place = { seq, n, ts, repeat: false, ...(isRevised && { raw: given[i]!.raw }) };
      this.#heads.advanceTo(conv, { seq, n, ts });
    }
    // Whether it was a repeat or a race, the head of this conversation is looked up again.
    const failed = rows[stored];
    if (failed !== undefined) this.#heads.forget(failed.conv);
    for (const { conv, replaces } of given.slice(0, stored)) {
      if (replaces === undefined) continue;
      await this.#replacements.finish(
        conv,
        replaces.map(({ seq }) => seq),
      );
    }
  }

  /**
   * The change as it is behind those of its target that are stored below `firstNew`, and those of its batch before it. Should
   * anybody store another one now, the index refuses the row and it is looked at again.
   */
  async #revised(submission: Submission, rows: readonly EventRow[], firstNew: number): Promise<Submission> {
    const { conv, target, revision } = submission;
    if (target === undefined || revision === undefined) return submission;
    const stored = await this.#collections.events
      .find({ conv, target, seq: { $gt: revision.after, $lt: firstNew } })
      .sort({ seq: 1 })
      .toArray();
    const coming = rows.filter((row) => row.conv === conv && row.target === target);
    const changes = [...stored, ...coming].map(toEvent);
    return changes.length === 0 ? submission : { ...submission, ...revision.revise(changes) };
  }

  async #findRepeats(items: readonly Item[]): Promise<void> {
    const keys = items.map(({ key }) => key);
    const rows = await this.#collections.events
      .find({ _id: { $in: keys } }, { projection: { seq: 1, n: 1, ts: 1 } })
      .toArray();
    const found = new Map(rows.map((row) => [row._id, row]));
    for (const item of items) {
      const row = found.get(item.key);
      if (row !== undefined) item.place = { seq: row.seq, n: row.n, ts: row.ts, repeat: true };
    }
  }

  async #prepareReplacements(
    submissions: readonly Submission[],
    rows: EventRow[],
    firstNew: ReadonlyMap<ConvId, number>,
  ): Promise<void> {
    for (const [at, { conv, replaces = [] }] of submissions.entries()) {
      if (replaces.length === 0) continue;
      const key = rows[at]!._id;
      const attempt = randomBytes(12).toString('hex');
      const replaced = replaces.map(({ seq, raw }) => ({ seq, raw, by: key, attempt }));
      rows[at] = { ...rows[at]!, attempt };
      await this.#replacements.prepare(
        conv,
        replaced.filter(({ seq }) => seq < firstNew.get(conv)!),
      );
      // Those that come with it are not stored yet.
      for (const { seq, ...next } of replaced) {
        const i = rows.findIndex((row) => row.conv === conv && row.seq === seq);
        const row = rows[i];
        if (row === undefined || i > at) continue;
        rows[i] = { ...row, next: [...(row.next ?? []), next], revision: (row.revision ?? 0) + 1 };
      }
    }
  }
}

/** Before the first event, so that no conversation with events is missing from its users' lists. */
export async function enterDirects(
  { directs }: Collections,
  rows: readonly Pick<EventRow, 'conv' | 'seq'>[],
): Promise<void> {
  const entries = rows.flatMap(({ conv, seq }) => {
    const parsed = seq === 1 ? parseConv(conv) : undefined;
    if (parsed?.kind !== 'direct') return [];
    return [...new Set([parsed.a, parsed.b])].map((uid) => ({
      updateOne: {
        filter: { _id: userKey(conv, uid), uid },
        update: { $setOnInsert: { conv } },
        upsert: true,
      },
    }));
  });
  if (entries.length > 0) await upsert(() => directs.bulkWrite(entries, { ordered: false }));
}

function toRow(submission: Submission, key: string, head: MutableHead, now: number): EventRow {
  const { conv, from, counts, raw, target } = submission;
  advance(head, counts, now);
  return { _id: key, conv, ...head, from, raw, ...(target !== undefined && { target }) };
}
