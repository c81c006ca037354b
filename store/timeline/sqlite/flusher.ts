import { type Conversations, line, lineWords } from './conversations.ts';
import type { Journal } from './journal.ts';
import { Generation } from './memtable.ts';
import type { IndexRequest, Limits } from './messages.ts';

const retryMs = 1_000;
/** Of one conversation, once the tables have them too. */
const keptCursors = 1_000;

/** What the flusher needs of the index thread. */
export type Index = (request: IndexRequest) => Promise<void>;

/**
 * Completes generations and has them indexed, one at a time, while the next one is being filled. A generation leaves
 * memory, and its journal file is used again, only after the tables have it durably.
 */
export class Flusher {
  readonly #journal: Journal;
  readonly #conversations: Conversations;
  readonly #generations: Generation[];
  readonly #index: Index;
  readonly #limits: Limits;
  readonly #warn: (message: string) => void;
  #busy: Promise<boolean> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;
  #old = false;
  /** A generation that left memory, for its arrays. */
  #spare: Generation | undefined;
  #failing = false;
  /** Called when a generation left memory, and when one could not. */
  onChange: () => void = () => {};

  constructor(parts: {
    journal: Journal;
    conversations: Conversations;
    generations: Generation[];
    index: Index;
    limits: Limits;
    warn: (message: string) => void;
  }) {
    this.#journal = parts.journal;
    this.#conversations = parts.conversations;
    this.#generations = parts.generations;
    this.#index = parts.index;
    this.#limits = parts.limits;
    this.#warn = parts.warn;
    this.#journal.rotate();
    this.#generations.push(new Generation(this.#journal.generation));
  }

  /** Whether so much waits for the tables that appends must wait too. */
  get full(): boolean {
    return this.#busy !== undefined && this.#unindexed() >= this.#limits.maxBytes;
  }

  /** Whether the tables could not take what they were given last; it is tried again. */
  get failing(): boolean {
    return this.#failing;
  }

  /** Called after every commit. */
  consider(): void {
    const filling = this.#generations.at(-1)!;
    if (!filling.used || this.#busy || this.#closing) return;
    const { flushEvents, flushBytes, flushMs } = this.#limits;
    const size = filling.count + filling.moves.length;
    if (this.#old || size >= flushEvents || filling.bytes >= flushBytes) this.#begin();
    else
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#old = true;
        this.consider();
      }, flushMs);
  }

  /** Resolves when what is in memory now is in the tables. */
  async flush(): Promise<void> {
    await this.#busy;
    if (this.#generations.at(-1)!.used && !this.#busy) this.#begin();
    await this.#busy;
  }

  /** Has everything indexed, as far as the disk lets it; what is left stays in the journal. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    await this.#busy;
    const [filling] = this.#generations.slice(-1);
    // Without a file after it: the next start then finds nothing to do.
    if (filling!.used && this.#generations.length === 1) await this.#flush(filling!, this.#journal.current!);
    this.#journal.close();
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let done: Journal['current'];
    try {
      done = this.#journal.rotate();
    } catch (error) {
      this.#warn(`The journal cannot begin a file: ${String(error)}`);
      if (!this.#closing) this.#timer = setTimeout(() => this.#again(), retryMs);
      return;
    }
    this.#old = false;
    const generation = this.#generations.at(-1)!;
    this.#generations.push(new Generation(this.#journal.generation, this.#spare));
    this.#spare = undefined;
    this.#busy = this.#flush(generation, done!);
    this.#busy.then((freed) => {
      this.#busy = undefined;
      if (!freed) return;
      this.onChange();
      this.consider();
    });
  }

  #again(): void {
    this.#timer = undefined;
    this.consider();
  }

  async #flush(generation: Generation, file: IndexRequest): Promise<boolean> {
    for (;;) {
      try {
        await this.#index(file);
        this.#failing = false;
        break;
      } catch (error) {
        if (!this.#failing) this.#warn(`The journal cannot be moved into the tables: ${String(error)}`);
        if (this.#closing) return false;
        this.#failing = true;
        this.onChange();
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
    this.#drop(generation);
    this.#journal.release(file.path);
    return true;
  }

  #drop(generation: Generation): void {
    this.#generations.splice(this.#generations.indexOf(generation), 1);
    const { number } = generation;
    const { words } = this.#conversations;
    for (const slot of generation.conversations) {
      const own = slot * lineWords;
      const part = own + (words[own + line.newest] === number ? line.newest : line.older);
      if (words[part + 1] === 1) this.#conversations.noteDirect(slot, true);
      words.fill(0, part, part + 3);
      const extra = this.#conversations.knownExtra(slot);
      if (!extra) continue;
      extra.changes = extra.changes.filter((change) => change.generation > number);
      for (const [seq, replaced] of extra.replaced)
        if (replaced.generation <= number) extra.replaced.delete(seq);
    }
    for (const { slot, uid } of generation.moves) {
      const extra = this.#conversations.extra(slot);
      extra.pendingMoves--;
      const cursor = extra.cursors.get(uid)!;
      if (cursor.generation !== number) continue;
      cursor.generation = 0;
      if (extra.cursors.size > keptCursors) extra.cursors.delete(uid);
    }
    generation.blocks = [];
    this.#spare = generation;
    this.#conversations.trim();
  }

  #unindexed(): number {
    return this.#generations.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
