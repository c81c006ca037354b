import type { Head } from '../../../schemas/event.ts';
import { type Conversations, line, lineWords } from './conversations.ts';
import { at, type Block, headOf } from './entry.ts';
import type { KeyFilter } from './filter.ts';
import type { Generation } from './memtable.ts';
import type { HashProgress, Tables } from './reader.ts';

/** So many keys of long conversations are put into the filter in a commit; the rest are with later ones. */
const keysPerCommit = 10_000;
/** With fewer keys it costs no more to put them in than to look for one of them. */
const fewKeys = 1_000;
const keptProgress = 10_000;

/** Tells whether an event was stored before: by the filter first, then in memory, then in the tables. */
export class Repeats {
  readonly #conversations: Conversations;
  readonly #tables: Tables;
  readonly #filter: KeyFilter;
  readonly #generations: readonly Generation[];
  /** By the conversation's number: how far its keys are in the filter, and of which epoch. */
  readonly #progress = new Map<number, HashProgress & { readonly epoch: number }>();
  #budget = 0;

  constructor(parts: {
    conversations: Conversations;
    tables: Tables;
    filter: KeyFilter;
    generations: readonly Generation[];
  }) {
    this.#conversations = parts.conversations;
    this.#tables = parts.tables;
    this.#filter = parts.filter;
    this.#generations = parts.generations;
  }

  /** Called when a commit begins. */
  refresh(): void {
    this.#budget = keysPerCommit;
  }

  /** The place of the stored event with the entry's key, if there is one. */
  find(slot: number, hash: number, block: Block, start: number): Head | undefined {
    const { words } = this.#conversations;
    const own = slot * lineWords;
    if (words[own + line.seq] === 0) return undefined;
    const number = words[own + line.number]!;
    const covered = words[own + line.coveredIn] === this.#filter.epoch || this.#cover(slot, number);
    if (covered && !this.#filter.has(number, hash)) return undefined;
    for (let i = this.#generations.length - 1; i >= 0; i--) {
      const generation = this.#generations[i]!;
      const event = generation.find(number, hash, block, start);
      if (event >= 0) return headOf(generation.blockOf(event), generation.startOf(event));
    }
    return this.#conversations.firstInMemory(slot) > 1
      ? this.#tables.find(number, hash, block, start)
      : undefined;
  }

  /** A conversation without events: the filter has all of its keys. */
  begin(slot: number): void {
    this.#conversations.words[slot * lineWords + line.coveredIn] = this.#filter.epoch;
  }

  /** Called for every new event. */
  remember(number: number, hash: number): void {
    const { epoch } = this.#filter;
    this.#filter.add(number, hash);
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

  /** Puts the conversation's stored keys into the filter, or some of them; answers whether all are in it. */
  #cover(slot: number, number: number): boolean {
    const { epoch } = this.#filter;
    let progress = this.#progress.get(number);
    if (progress?.epoch !== epoch) {
      if (this.#progress.size > keptProgress) this.#progress.clear();
      progress = { epoch, after: 0, runLast: 0, hash: -1 };
      this.#progress.set(number, progress);
    }
    const last = this.#conversations.firstInMemory(slot) - 1;
    while (progress.after < last && (this.#budget > 0 || last - progress.after < fewKeys)) {
      this.#tables.hashes(number, progress, (hash) => {
        this.remember(number, hash);
        this.#budget--;
      });
      if (this.#filter.epoch !== epoch) return false;
    }
    if (progress.after < last) return false;
    this.#progress.delete(number);
    this.#conversations.words[slot * lineWords + line.coveredIn] = epoch;
    return true;
  }
}
