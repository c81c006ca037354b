import { randomInt } from 'node:crypto';
import { type Conv, parseConv } from '../../../schemas/event.ts';
import type { MutableHead } from '../sequence.ts';
import { type Block, convLengthOf, convOf } from './entry.ts';
import type { Tables } from './reader.ts';

/** A cursor in memory; `generation` 0 once the tables have it too. */
export interface CursorState {
  readonly delivered: number;
  readonly read: number;
  readonly readN: number;
  generation: number;
}

/** What few conversations have. */
export class Extra {
  readonly cursors = new Map<string, CursorState>();
  /** How many cursor moves are not in the tables yet. */
  pendingMoves = 0;
  /** Raws that were replaced and are not so in the tables yet, by seq. */
  readonly replaced = new Map<number, { readonly raw: Buffer; readonly generation: number }>();
  /** Un-indexed changes, in seq order. */
  changes: { readonly seq: number; readonly target: number; readonly generation: number }[] = [];

  get pinned(): boolean {
    return this.pendingMoves > 0 || this.replaced.size > 0 || this.changes.length > 0;
  }
}

/** The un-indexed events of a conversation in one generation: `last` is its newest event there, plus 1. */
export interface Part {
  readonly generation: number;
  readonly first: number;
  readonly last: number;
}

/** Members of a conversation's line, as indices of u32; ts is the double at 4. */
export const line = {
  number: 0,
  seq: 1,
  n: 2,
  /** The filter's epoch in which all of its repeat keys are known to be in the filter; 0 for none. */
  coveredIn: 3,
  /** The last commit that changed the line. */
  changedIn: 6,
  used: 7,
  /** The newest part: generation, first seq, last event + 1; 0 0 0 for none. Then the one before it. */
  newest: 8,
  older: 11,
  hash: 14,
  length: 15,
} as const;
export const lineWords = 16;

/** Room for a name: the longest, to the next multiple of 4. */
const nameBytes = 132;

/**
 * The conversations in use, each known by a small number, its slot. What every append touches is one cache line a
 * conversation, because with thousands of them in use that is what an append costs.
 */
export class Conversations {
  readonly #tables: Pick<Tables, 'lastConversation' | 'conversation'>;
  readonly #kept: number;
  #trimAbove: number;
  readonly #extras = new Map<number, Extra>();
  readonly #newDirects = new Map<string, Set<number>>();
  #capacity = 1024;
  #count = 0;
  #free: number[] = [];
  #lastNumber: number;
  /** Open addressing by the hash of the name: slot + 1. */
  #table = new Int32Array(4096);
  #names = Buffer.alloc(this.#capacity * nameBytes);
  #nameView = new DataView(this.#names.buffer, this.#names.byteOffset);
  #words = new Uint32Array(this.#capacity * lineWords);
  #doubles = new Float64Array(this.#words.buffer);

  /** `kept`: how many to hold at least before any is forgotten. */
  constructor(tables: Pick<Tables, 'lastConversation' | 'conversation'>, kept = 65_536) {
    this.#tables = tables;
    this.#kept = kept;
    this.#trimAbove = kept;
    this.#lastNumber = tables.lastConversation();
  }

  /** The lines, `lineWords` a slot. Changes when a conversation is added. */
  get words(): Uint32Array {
    return this.#words;
  }

  head(slot: number): MutableHead {
    const at = slot * lineWords;
    return {
      seq: this.#words[at + line.seq]!,
      n: this.#words[at + line.n]!,
      ts: this.tsOf(slot),
    };
  }

  tsOf(slot: number): number {
    return this.#doubles[slot * (lineWords / 2) + 2]!;
  }

  setTs(slot: number, ts: number): void {
    this.#doubles[slot * (lineWords / 2) + 2] = ts;
  }

  numberOf(slot: number): number {
    return this.#words[slot * lineWords + line.number]!;
  }

  nameOf(slot: number): string {
    const offset = slot * nameBytes;
    return this.#names.toString('latin1', offset, offset + this.#words[slot * lineWords + line.length]!);
  }

  /** The first seq that is not in the tables alone. */
  firstInMemory(slot: number): number {
    return this.parts(slot)[0]?.first ?? this.#words[slot * lineWords + line.seq]! + 1;
  }

  /** Un-indexed events, oldest first. */
  parts(slot: number): Part[] {
    const parts: Part[] = [];
    for (const member of [line.older, line.newest]) {
      const [generation, first, last] = this.#words.subarray(slot * lineWords + member);
      if (last! > 0) parts.push({ generation: generation!, first: first!, last: last! });
    }
    return parts;
  }

  extra(slot: number): Extra {
    let extra = this.#extras.get(slot);
    if (!extra) {
      extra = new Extra();
      this.#extras.set(slot, extra);
    }
    return extra;
  }

  /** As `extra`, without making one. */
  knownExtra(slot: number): Extra | undefined {
    return this.#extras.get(slot);
  }

  /** The conversation, if it is in memory; else -1. */
  known(name: string): number {
    const bytes = Buffer.from(name, 'latin1');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return this.#lookUp(hashOf(view, 0, bytes.length), view, 0, bytes.length);
  }

  /** The conversation; -1 where nothing was ever said in it. */
  find(name: string): number {
    const known = this.known(name);
    if (known >= 0) return known;
    const stored = this.#tables.conversation(name);
    if (!stored) return -1;
    const bytes = Buffer.from(name, 'latin1');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const slot = this.#add(bytes, hashOf(view, 0, bytes.length), stored.number);
    const at = slot * lineWords;
    this.#words[at + line.seq] = stored.head.seq;
    this.#words[at + line.n] = stored.head.n;
    this.setTs(slot, stored.head.ts);
    return slot;
  }

  /** The conversation of an entry, new where nothing was said in it. */
  of(block: Block, start: number): number {
    const { view } = block;
    const length = convLengthOf(block, start);
    const offset = start + view.getUint32(start, true) - length;
    const hash = hashOf(view, offset, length);
    const known = this.#lookUp(hash, view, offset, length);
    if (known >= 0) return known;
    const stored = this.find(convOf(block, start));
    return stored >= 0
      ? stored
      : this.#add(block.bytes.subarray(offset, offset + length), hash, ++this.#lastNumber);
  }

  /** Called when the first event of the conversation is durable, and when it is in the tables. */
  noteDirect(slot: number, indexed: boolean): void {
    const conv = parseConv(this.nameOf(slot));
    for (const uid of uidsOf(conv)) {
      const known = this.#newDirects.get(uid);
      if (indexed) {
        known?.delete(slot);
        if (known?.size === 0) this.#newDirects.delete(uid);
      } else if (known) known.add(slot);
      else this.#newDirects.set(uid, new Set([slot]));
    }
  }

  /** The user's direct conversations that are not in the tables yet. */
  newDirects(uid: string): Iterable<number> {
    return this.#newDirects.get(uid) ?? [];
  }

  /** Forgets what is not used, if there is too much. Not while a commit is under way. */
  trim(): void {
    if (this.#count - this.#free.length <= this.#trimAbove) return;
    const free = new Set(this.#free);
    for (let slot = 0; slot < this.#count; slot++) {
      if (free.has(slot) || this.#pinned(slot)) continue;
      const used = slot * lineWords + line.used;
      // Second chance: what was used since the last time stays.
      if (this.#words[used] === 1) this.#words[used] = 0;
      else {
        this.#free.push(slot);
        free.add(slot);
        this.#extras.delete(slot);
      }
    }
    this.#retable(this.#table.length, free);
    // Not again at every commit where most are in use.
    this.#trimAbove = Math.max(this.#kept, Math.floor((this.#count - this.#free.length) * 1.25));
  }

  #pinned(slot: number): boolean {
    const at = slot * lineWords;
    if (this.#words[at + line.newest + 2]! > 0 || this.#words[at + line.older + 2]! > 0) return true;
    return this.#extras.get(slot)?.pinned ?? false;
  }

  #lookUp(hash: number, view: DataView, offset: number, length: number): number {
    const table = this.#table;
    const words = this.#words;
    const mask = table.length - 1;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const slot = table[i]! - 1;
      if (slot < 0) return -1;
      const at = slot * lineWords;
      if (words[at + line.hash] !== hash || words[at + line.length] !== length) continue;
      if (!same(this.#nameView, slot * nameBytes, view, offset, length)) continue;
      words[at + line.used] = 1;
      return slot;
    }
  }

  #add(name: Uint8Array, hash: number, number: number): number {
    const slot = this.#free.pop() ?? this.#count++;
    if (slot === this.#capacity) this.#grow();
    this.#names.set(name, slot * nameBytes);
    const at = slot * lineWords;
    this.#words.fill(0, at, at + lineWords);
    this.#words[at + line.number] = number;
    this.#words[at + line.hash] = hash;
    this.#words[at + line.length] = name.length;
    this.#words[at + line.used] = 1;
    if (this.#count * 2 >= this.#table.length) this.#retable(this.#table.length * 4, new Set(this.#free));
    else this.#enter(slot, hash);
    return slot;
  }

  #enter(slot: number, hash: number): void {
    const mask = this.#table.length - 1;
    let i = hash & mask;
    while (this.#table[i] !== 0) i = (i + 1) & mask;
    this.#table[i] = slot + 1;
  }

  #retable(size: number, without: ReadonlySet<number>): void {
    this.#table = new Int32Array(size);
    for (let slot = 0; slot < this.#count; slot++)
      if (!without.has(slot)) this.#enter(slot, this.#words[slot * lineWords + line.hash]!);
  }

  #grow(): void {
    this.#capacity *= 2;
    const names = Buffer.alloc(this.#capacity * nameBytes);
    names.set(this.#names);
    this.#names = names;
    this.#nameView = new DataView(names.buffer, names.byteOffset);
    const words = new Uint32Array(this.#capacity * lineWords);
    words.set(this.#words);
    this.#words = words;
    this.#doubles = new Float64Array(words.buffer);
  }
}

const uidsOf = (conv: Conv | undefined): Set<string> =>
  conv?.kind === 'direct' ? new Set([conv.a, conv.b]) : new Set();

// Another one in every run, so that names cannot be chosen to fall on one place of the table.
const seed = randomInt(2 ** 31);

function hashOf(view: DataView, offset: number, length: number): number {
  let hash = seed ^ length;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    hash = Math.imul(hash ^ view.getInt32(offset + i, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; i < length; i++) hash = Math.imul(hash ^ view.getUint8(offset + i), 0x9e3779b1);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function same(names: DataView, name: number, view: DataView, offset: number, length: number): boolean {
  let i = 0;
  for (; i + 4 <= length; i += 4)
    if (names.getInt32(name + i, true) !== view.getInt32(offset + i, true)) return false;
  for (; i < length; i++) if (names.getUint8(name + i) !== view.getUint8(offset + i)) return false;
  return true;
}
