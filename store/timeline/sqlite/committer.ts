import type { Head } from '../../../schemas/event.ts';
import { advance, moved } from '../sequence.ts';
import type { Conversation, Conversations, CursorState } from './conversation.ts';
import { at, type Block, convOf, countOf, eachReplacement, flags, fromOf, recordBytes } from './entry.ts';
import type { KeyFilter } from './filter.ts';
import type { KeyHash } from './hash.ts';
import type { Journal } from './journal.ts';
import type { Generation } from './memtable.ts';
import type { Tables } from './reader.ts';
import type { Reads } from './reads.ts';

/** A batch of one kind of entry that asks to be stored. */
export interface Batch {
  readonly kind: 'append' | 'moveCursors';
  readonly block: Block;
}

/** What a commit under way has changed in memory, to take it back when the disk refuses. */
interface Undo {
  readonly count: number;
  readonly blocks: number;
  readonly moves: number;
  readonly heads: { readonly conversation: Conversation; readonly head: Head }[];
  readonly placed: Conversation[];
  readonly cursors: {
    readonly conversation: Conversation;
    readonly uid: string;
    readonly state: CursorState | undefined;
  }[];
  /** Events with a target or replacements, to be looked at once they are durable. */
  readonly changes: { readonly conversation: Conversation; readonly event: number }[];
  readonly begun: Conversation[];
}

/** Gives events their places and makes them durable; the only writer of what the commit thread holds. */
export class Committer {
  readonly #conversations: Conversations;
  readonly #tables: Tables;
  readonly #reads: Reads;
  readonly #journal: Journal;
  readonly #filter: KeyFilter;
  readonly #hash: KeyHash;
  /** Un-indexed generations, oldest first; the last one is being filled. */
  readonly #generations: Generation[];
  #undo!: Undo;
  #commits = 0;

  constructor(parts: {
    conversations: Conversations;
    tables: Tables;
    reads: Reads;
    journal: Journal;
    filter: KeyFilter;
    hash: KeyHash;
    generations: Generation[];
  }) {
    this.#conversations = parts.conversations;
    this.#tables = parts.tables;
    this.#reads = parts.reads;
    this.#journal = parts.journal;
    this.#filter = parts.filter;
    this.#hash = parts.hash;
    this.#generations = parts.generations;
  }

  /** Stores the batches in one write; answers three or four numbers per entry. Throws with nothing changed. */
  commit(batches: readonly Batch[]): Float64Array<ArrayBuffer>[] {
    const generation = this.#generations.at(-1)!;
    this.#commits++;
    this.#undo = {
      count: generation.count,
      blocks: generation.blocks.length,
      moves: generation.moves.length,
      heads: [],
      placed: [],
      cursors: [],
      changes: [],
      begun: [],
    };
    try {
      const answers = batches.map(({ kind, block }) =>
        kind === 'append' ? this.#place(generation, block) : this.#move(generation, block),
      );
      // A batch of repeats, or of moves to where the cursors are, needs no room in the journal.
      const written = batches.filter((_, i) => answers[i]!.news).map(({ block }) => block);
      if (written.length > 0) {
        this.#journal.write(written);
        generation.used = true;
        for (const { bytes } of written) generation.bytes += bytes.length;
        this.#publish(generation);
      }
      return answers.map(({ numbers }) => numbers);
    } catch (error) {
      this.#takeBack(generation);
      throw error;
    }
  }

  #place(generation: Generation, block: Block): { numbers: Float64Array<ArrayBuffer>; news: boolean } {
    const { bytes, view } = block;
    const numbers = new Float64Array(countOf(block) * 4);
    let i = 0;
    const nowMs = Date.now();
    const before = generation.count;
    generation.blocks.push(block);
    for (let start = recordBytes; start < bytes.length; start += view.getUint32(start, true)) {
      const conversation = this.#conversations.of(block, start);
      const hash = this.#hash.of(block, start);
      view.setUint32(start + at.conv, conversation.number, true);
      view.setUint32(start + at.hash, hash, true);
      const first = this.#repeatOf(conversation, hash, block, start);
      if (first) {
        bytes[start + at.flags]! |= flags.dropped;
        i = put(numbers, i, first, 1);
        continue;
      }
      const { head } = conversation;
      this.#save(conversation);
      if (head.seq === 0) {
        conversation.coveredIn = this.#filter.epoch;
        this.#undo.begun.push(conversation);
      }
      advance(head, (bytes[start + at.flags]! & flags.counts) !== 0, nowMs);
      view.setUint32(start + at.seq, head.seq, true);
      view.setUint32(start + at.n, head.n, true);
      view.setFloat64(start + at.ts, head.ts, true);
      const event = generation.add(start, hash);
      this.#remember(conversation.number, hash);
      const part = conversation.partFor(generation, head.seq);
      if (part.events.push(event) === 1) generation.conversations.push(conversation);
      this.#undo.placed.push(conversation);
      if (view.getUint32(start + at.target, true) > 0 || view.getUint16(start + at.replaces, true) > 0)
        this.#undo.changes.push({ conversation, event });
      i = put(numbers, i, head, 0);
    }
    const news = generation.count > before;
    if (!news) generation.blocks.pop();
    return { numbers, news };
  }

  #move(generation: Generation, block: Block): { numbers: Float64Array<ArrayBuffer>; news: boolean } {
    const { bytes, view } = block;
    const numbers: number[] = [];
    let news = false;
    for (let start = recordBytes; start < bytes.length; start += view.getUint32(start, true)) {
      const conversation = this.#conversations.find(convOf(block, start));
      const uid = fromOf(block, start);
      const stored = conversation && this.#reads.cursor(conversation, uid);
      const headSeq = conversation?.head.seq ?? 0;
      const delivered = moved(stored?.delivered ?? 0, view.getUint32(start + at.seq, true), headSeq);
      const read = moved(stored?.read ?? 0, view.getUint32(start + at.n, true), headSeq);
      if (!conversation || (delivered === (stored?.delivered ?? 0) && read === (stored?.read ?? 0))) {
        bytes[start + at.flags]! |= flags.dropped;
        numbers.push(delivered, read, stored?.readN ?? 0);
        continue;
      }
      const readN = read === (stored?.read ?? 0) ? (stored?.readN ?? 0) : this.#reads.nAt(conversation, read);
      view.setUint32(start + at.conv, conversation.number, true);
      view.setUint32(start + at.seq, delivered, true);
      view.setUint32(start + at.n, read, true);
      view.setUint32(start + at.target, readN, true);
      const before = conversation.cursors.get(uid);
      this.#undo.cursors.push({ conversation, uid, state: before });
      conversation.cursors.set(uid, { delivered, read, readN, generation: generation.number });
      if (before?.generation !== generation.number) {
        generation.moves.push({ conversation, uid });
        conversation.pendingMoves++;
      }
      news = true;
      numbers.push(delivered, read, readN);
    }
    return { numbers: Float64Array.from(numbers), news };
  }

  /** The place of the stored event with the entry's key, if there is one. */
  #repeatOf(conversation: Conversation, hash: number, block: Block, start: number): Head | undefined {
    if (conversation.head.seq === 0) return undefined;
    const { number } = conversation;
    if (this.#covers(conversation) && !this.#filter.has(number, hash)) return undefined;
    for (let i = this.#generations.length - 1; i >= 0; i--) {
      const generation = this.#generations[i]!;
      const event = generation.find(number, hash, block, start);
      if (event < 0) continue;
      const { view } = generation.blockOf(event);
      const first = generation.startOf(event);
      return {
        seq: view.getUint32(first + at.seq, true),
        n: view.getUint32(first + at.n, true),
        ts: view.getFloat64(first + at.ts, true),
      };
    }
    return conversation.firstInMemory > 1 ? this.#tables.find(number, hash, block, start) : undefined;
  }

  /** Whether the filter has all keys of the conversation; gets it some way there where not. */
  #covers(conversation: Conversation): boolean {
    const { epoch } = this.#filter;
    if (conversation.coveredIn === epoch) return true;
    if (conversation.covering?.epoch !== epoch) conversation.covering = { epoch, after: 0 };
    const progress = conversation.covering;
    const last = conversation.firstInMemory - 1;
    for (let steps = 0; progress.after < last && steps < 4; steps++) {
      progress.after = this.#tables.hashes(conversation.number, progress.after, (hash) =>
        this.#remember(conversation.number, hash),
      );
      if (this.#filter.epoch !== epoch) return false;
    }
    if (progress.after < last) return false;
    conversation.covering = undefined;
    conversation.coveredIn = epoch;
    return true;
  }

  #remember(conv: number, hash: number): void {
    const { epoch } = this.#filter;
    this.#filter.add(conv, hash);
    if (this.#filter.epoch === epoch) return;
    // The filter was full and is empty again: what is in memory is in it at all times.
    for (const generation of this.#generations) {
      for (let event = 0; event < generation.count; event++) {
        const { view } = generation.blockOf(event);
        const start = generation.startOf(event);
        this.#filter.add(view.getUint32(start + at.conv, true), view.getUint32(start + at.hash, true));
      }
    }
  }

  #save(conversation: Conversation): void {
    if (conversation.changedIn === this.#commits) return;
    conversation.changedIn = this.#commits;
    const { seq, n, ts } = conversation.head;
    this.#undo.heads.push({ conversation, head: { seq, n, ts } });
  }

  /** What the events mean for reads beyond themselves, now that they are durable. */
  #publish(generation: Generation): void {
    for (const conversation of this.#undo.begun) this.#conversations.noteDirect(conversation, false);
    for (const { conversation, event } of this.#undo.changes) {
      const block = generation.blockOf(event);
      const start = generation.startOf(event);
      if (block.view.getUint32(start + at.target, true) > 0) {
        const part = conversation.parts.at(-1)!;
        part.changes ??= [];
        part.changes.push(event);
      }
      const own = block.view.getUint32(start + at.seq, true);
      eachReplacement(block, start, (seq, raw) => {
        if (seq >= 1 && seq <= own) conversation.replaced.set(seq, { raw, generation: generation.number });
      });
    }
  }

  #takeBack(generation: Generation): void {
    const { count, blocks, moves, heads, placed, cursors } = this.#undo;
    for (const { conversation, head } of heads) Object.assign(conversation.head, head);
    for (const conversation of placed.reverse()) {
      const part = conversation.parts.at(-1)!;
      part.events.pop();
      if (part.events.length > 0) continue;
      conversation.parts.pop();
      generation.conversations.pop();
    }
    generation.truncate(count, blocks);
    for (const { conversation, uid, state } of cursors.reverse()) {
      if (state) conversation.cursors.set(uid, state);
      else conversation.cursors.delete(uid);
    }
    for (const { conversation } of generation.moves.splice(moves)) conversation.pendingMoves--;
  }
}

function put(numbers: Float64Array, i: number, { seq, n, ts }: Head, repeat: 0 | 1): number {
  numbers[i] = seq;
  numbers[i + 1] = n;
  numbers[i + 2] = ts;
  numbers[i + 3] = repeat;
  return i + 4;
}
