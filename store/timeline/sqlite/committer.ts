import type { Head } from '../../../schemas/event.ts';
import { PlaceTaken } from '../../transfer.ts';
import { advance, emptyHead, moved } from '../sequence.ts';
import { type Conversations, type CursorState, line, lineWords } from './conversations.ts';
import {
  at,
  type Block,
  convOf,
  countOf,
  eachReplacement,
  flags,
  fromOf,
  headOf,
  recordBytes,
} from './entry.ts';
import type { KeyHash } from './hash.ts';
import type { Journal } from './journal.ts';
import type { Generation } from './memtable.ts';
import type { Reads } from './reads.ts';
import type { Repeats } from './repeats.ts';

/** A batch of one kind of entry that asks to be stored. */
export interface Batch {
  /** `load`: events that come with their places. */
  readonly kind: 'append' | 'load' | 'moveCursors';
  readonly block: Block;
}

/** What a commit under way has changed in memory, to take it back when the disk refuses. */
interface Undo {
  readonly count: number;
  readonly blocks: number;
  readonly conversations: number;
  readonly moves: number;
  readonly slots: number[];
  readonly cursors: {
    readonly slot: number;
    readonly uid: string;
    readonly state: CursorState | undefined;
  }[];
  /** Events with a target or replacements, to be looked at once they are durable. */
  readonly changes: { readonly slot: number; readonly event: number }[];
  readonly begun: number[];
}

interface Result {
  readonly numbers: Float64Array<ArrayBuffer>;
  /** Whether anything is to be written for it. */
  readonly news: boolean;
}

/** Gives events their places and makes them durable; the only writer of what the commit thread holds. */
export class Committer {
  readonly #conversations: Conversations;
  readonly #reads: Reads;
  readonly #repeats: Repeats;
  readonly #journal: Journal;
  readonly #hash: KeyHash;
  /** Un-indexed generations, oldest first; the last one is being filled. */
  readonly #generations: readonly Generation[];
  readonly #head = emptyHead();
  #undo!: Undo;
  /** The lines of the changed conversations as they were, in the order of `undo.slots`. */
  #lines = new Uint32Array(256 * lineWords);
  #commits = 0;

  constructor(parts: {
    conversations: Conversations;
    reads: Reads;
    repeats: Repeats;
    journal: Journal;
    hash: KeyHash;
    generations: readonly Generation[];
  }) {
    this.#conversations = parts.conversations;
    this.#reads = parts.reads;
    this.#repeats = parts.repeats;
    this.#journal = parts.journal;
    this.#hash = parts.hash;
    this.#generations = parts.generations;
  }

  /**
   * Stores the batches in one write. Answers seq, n, ts, repeat for each event, delivered, read, readN for each move.
   * Throws with nothing changed.
   */
  commit(batches: readonly Batch[]): Float64Array<ArrayBuffer>[] {
    const generation = this.#generations.at(-1)!;
    this.#repeats.refresh();
    this.#commits = (this.#commits + 1) >>> 0;
    this.#undo = {
      count: generation.count,
      blocks: generation.blocks.length,
      conversations: generation.conversations.length,
      moves: generation.moves.length,
      slots: [],
      cursors: [],
      changes: [],
      begun: [],
    };
    try {
      const results = batches.map(({ kind, block }) =>
        kind === 'moveCursors'
          ? this.#move(generation, block)
          : this.#place(generation, block, kind === 'load'),
      );
      // A batch of repeats, or of moves to where the cursors are, needs no room in the journal.
      const written = batches.filter((_, i) => results[i]!.news).map(({ block }) => block);
      if (written.length > 0) {
        this.#journal.write(written);
        generation.used = true;
        for (const { bytes } of written) generation.bytes += bytes.length;
        this.#publish(generation);
      }
      return results.map(({ numbers }) => numbers);
    } catch (error) {
      this.#takeBack(generation);
      throw error;
    }
  }

  #place(generation: Generation, block: Block, isLoad: boolean): Result {
    const { bytes, view } = block;
    const conversations = this.#conversations;
    const head = this.#head;
    const numbers = new Float64Array(countOf(block) * 4);
    let i = 0;
    const nowMs = Date.now();
    const before = generation.count;
    generation.blocks.push(block);
    for (let start = recordBytes; start < bytes.length; start += view.getUint32(start, true)) {
      const slot = conversations.of(block, start);
      const { words } = conversations;
      const own = slot * lineWords;
      const hash = this.#hash.of(block, start);
      const number = words[own + line.number]!;
      view.setUint32(start + at.conv, number, true);
      view.setUint32(start + at.hash, hash, true);
      const first = this.#repeats.find(slot, hash, block, start);
      if (first) {
        if (isLoad) checkPlace(block, start, first);
        bytes[start + at.flags]! |= flags.dropped;
        i = put(numbers, i, first, 1);
        continue;
      }
      this.#save(slot);
      head.seq = words[own + line.seq]!;
      head.n = words[own + line.n]!;
      head.ts = conversations.tsOf(slot);
      if (head.seq === 0) {
        this.#repeats.begin(slot);
        this.#undo.begun.push(slot);
      }
      if (isLoad) {
        if (view.getUint32(start + at.n, true) > head.n) bytes[start + at.flags]! |= flags.counts;
        advance(head, (bytes[start + at.flags]! & flags.counts) !== 0, view.getFloat64(start + at.ts, true));
        checkPlace(block, start, head);
      } else advance(head, (bytes[start + at.flags]! & flags.counts) !== 0, nowMs);
      words[own + line.seq] = head.seq;
      words[own + line.n] = head.n;
      conversations.setTs(slot, head.ts);
      view.setUint32(start + at.seq, head.seq, true);
      view.setUint32(start + at.n, head.n, true);
      view.setFloat64(start + at.ts, head.ts, true);
      if (words[own + line.newest] !== generation.number) {
        // At most two generations are in memory: what was before the newest one has gone to the tables.
        words.copyWithin(own + line.older, own + line.newest, own + line.newest + 3);
        words[own + line.newest] = generation.number;
        words[own + line.newest + 1] = head.seq;
        words[own + line.newest + 2] = 0;
        generation.conversations.push(slot);
      }
      const event = generation.add(start, hash, words[own + line.newest + 2]!);
      words[own + line.newest + 2] = event + 1;
      this.#repeats.remember(number, hash);
      if (view.getUint32(start + at.target, true) > 0 || view.getUint16(start + at.replaces, true) > 0)
        this.#undo.changes.push({ slot, event });
      i = put(numbers, i, head, 0);
    }
    const news = generation.count > before;
    if (!news) generation.blocks.pop();
    return { numbers, news };
  }

  #move(generation: Generation, block: Block): Result {
    const { bytes, view } = block;
    const numbers: number[] = [];
    let news = false;
    for (let start = recordBytes; start < bytes.length; start += view.getUint32(start, true)) {
      const slot = this.#conversations.find(convOf(block, start));
      const uid = fromOf(block, start);
      const stored = slot < 0 ? undefined : this.#reads.cursor(slot, uid);
      const headSeq = slot < 0 ? 0 : this.#conversations.head(slot).seq;
      const delivered = moved(stored?.delivered ?? 0, view.getUint32(start + at.seq, true), headSeq);
      const read = moved(stored?.read ?? 0, view.getUint32(start + at.n, true), headSeq);
      if (delivered === (stored?.delivered ?? 0) && read === (stored?.read ?? 0)) {
        bytes[start + at.flags]! |= flags.dropped;
        numbers.push(delivered, read, stored?.readN ?? 0);
        continue;
      }
      const readN = read === (stored?.read ?? 0) ? (stored?.readN ?? 0) : this.#reads.nAt(slot, read);
      view.setUint32(start + at.conv, this.#conversations.numberOf(slot), true);
      view.setUint32(start + at.seq, delivered, true);
      view.setUint32(start + at.n, read, true);
      view.setUint32(start + at.target, readN, true);
      const extra = this.#conversations.extra(slot);
      const before = extra.cursors.get(uid);
      this.#undo.cursors.push({ slot, uid, state: before });
      extra.cursors.set(uid, { delivered, read, readN, generation: generation.number });
      if (before?.generation !== generation.number) {
        generation.moves.push({ slot, uid });
        extra.pendingMoves++;
      }
      news = true;
      numbers.push(delivered, read, readN);
    }
    return { numbers: Float64Array.from(numbers), news };
  }

  #save(slot: number): void {
    const { words } = this.#conversations;
    const own = slot * lineWords;
    if (words[own + line.changedIn] === this.#commits) return;
    const { slots } = this.#undo;
    const kept = slots.length * lineWords;
    if (kept === this.#lines.length) {
      const twice = new Uint32Array(kept * 2);
      twice.set(this.#lines);
      this.#lines = twice;
    }
    for (let i = 0; i < lineWords; i++) this.#lines[kept + i] = words[own + i]!;
    slots.push(slot);
    words[own + line.changedIn] = this.#commits;
  }

  /** What the events mean for reads beyond themselves, now that they are durable. */
  #publish(generation: Generation): void {
    for (const slot of this.#undo.begun) this.#conversations.noteDirect(slot, false);
    for (const { slot, event } of this.#undo.changes) {
      const block = generation.blockOf(event);
      const { view } = block;
      const start = generation.startOf(event);
      const seq = view.getUint32(start + at.seq, true);
      const target = view.getUint32(start + at.target, true);
      const extra = this.#conversations.extra(slot);
      if (target > 0) extra.changes.push({ seq, target, generation: generation.number });
      eachReplacement(block, start, (replaced, raw) => {
        if (replaced >= 1 && replaced <= seq)
          extra.replaced.set(replaced, { raw, generation: generation.number });
      });
    }
  }

  #takeBack(generation: Generation): void {
    const { count, blocks, conversations, moves, slots, cursors } = this.#undo;
    const { words } = this.#conversations;
    slots.forEach((slot, i) => {
      words.set(this.#lines.subarray(i * lineWords, (i + 1) * lineWords), slot * lineWords);
    });
    generation.conversations.length = conversations;
    generation.truncate(count, blocks);
    for (const { slot, uid, state } of cursors.reverse()) {
      const { cursors: states } = this.#conversations.extra(slot);
      if (state) states.set(uid, state);
      else states.delete(uid);
    }
    for (const { slot } of generation.moves.splice(moves)) this.#conversations.extra(slot).pendingMoves--;
  }
}

function put(numbers: Float64Array, i: number, { seq, n, ts }: Head, repeat: 0 | 1): number {
  numbers[i] = seq;
  numbers[i + 1] = n;
  numbers[i + 2] = ts;
  numbers[i + 3] = repeat;
  return i + 4;
}

/** Throws PlaceTaken where an event that comes with its place is not to have it. */
function checkPlace(block: Block, start: number, place: Head): void {
  const wanted = headOf(block, start);
  if (wanted.seq === place.seq && wanted.n === place.n && wanted.ts === place.ts) return;
  const shown = (head: Head): string => `(seq ${head.seq}, n ${head.n}, ts ${head.ts})`;
  throw new PlaceTaken(`${convOf(block, start)}: an event of ${shown(wanted)} would be ${shown(place)}`);
}
