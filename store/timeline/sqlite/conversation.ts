import { parseConv } from '../../../schemas/event.ts';
import { emptyHead, type MutableHead } from '../sequence.ts';
import { type Block, blockOf, convLengthOf, convOf } from './entry.ts';
import type { Generation, Part } from './memtable.ts';
import type { Tables } from './reader.ts';

/** A cursor in memory; `generation` 0 once the tables have it too. */
export interface CursorState {
  readonly delivered: number;
  readonly read: number;
  readonly readN: number;
  generation: number;
}

/** What the commit thread holds of a conversation. */
export class Conversation {
  readonly name: string;
  readonly number: number;
  readonly head: MutableHead;
  /** Un-indexed events, oldest first. */
  readonly parts: Part[] = [];
  readonly cursors = new Map<string, CursorState>();
  /** Raws that were replaced and are not so in the tables yet, by seq. */
  readonly replaced = new Map<number, { readonly raw: Buffer; readonly generation: number }>();
  /** The filter's epoch in which all of its repeat keys are known to be in the filter; 0 for none. */
  coveredIn = 0;
  /** How far its keys were put into the filter, in that epoch, where it is not covered yet. */
  covering: { readonly epoch: number; after: number } | undefined;
  /** How many cursor moves are not in the tables yet. */
  pendingMoves = 0;
  used = true;
  /** The last commit that changed its head. */
  changedIn = 0;
  readonly bytes: Block;

  constructor(name: string, number: number, head: MutableHead) {
    this.name = name;
    this.number = number;
    this.head = head;
    this.bytes = blockOf(Buffer.from(name, 'latin1'));
  }

  /** The newest part, if it is of this generation; else a new one that begins with `seq`. */
  partFor(generation: Generation, seq: number): Part {
    const newest = this.parts.at(-1);
    if (newest?.generation === generation) return newest;
    const part: Part = { generation, first: seq, events: [], changes: undefined };
    this.parts.push(part);
    return part;
  }

  /** The first seq that is not in the tables alone. */
  get firstInMemory(): number {
    return this.parts[0]?.first ?? this.head.seq + 1;
  }

  get pinned(): boolean {
    return this.parts.length > 0 || this.pendingMoves > 0 || this.replaced.size > 0;
  }
}

const keptConversations = 65_536;
const recentSlots = 16_384;

/** The conversations in use, found by name; those that are only in the tables are forgotten when there are too many. */
export class Conversations {
  readonly #tables: Tables;
  readonly #byName = new Map<string, Conversation>();
  readonly #newDirects = new Map<string, Set<Conversation>>();
  /** The last one found in each slot of the hash of its name: saves making a string of most names. */
  #recent: (Conversation | undefined)[] = new Array(recentSlots).fill(undefined);
  #lastNumber: number;

  constructor(tables: Tables) {
    this.#tables = tables;
    this.#lastNumber = tables.lastConversation();
  }

  /** The conversation, if anything was ever said in it. */
  find(name: string): Conversation | undefined {
    const known = this.#byName.get(name);
    if (known) {
      known.used = true;
      return known;
    }
    const stored = this.#tables.conversation(name);
    if (!stored) return undefined;
    return this.#keep(new Conversation(name, stored.number, stored.head));
  }

  /** The conversation, new where nothing was said in it. */
  get(name: string): Conversation {
    return this.find(name) ?? this.#keep(new Conversation(name, ++this.#lastNumber, emptyHead()));
  }

  /** The conversation of an entry, new where nothing was said in it. */
  of(block: Block, start: number): Conversation {
    const length = convLengthOf(block, start);
    const offset = start + block.view.getUint32(start, true) - length;
    const slot = hashOf(block.view, offset, length) & (recentSlots - 1);
    const recent = this.#recent[slot];
    if (recent && same(recent.bytes.view, block.view, offset, length)) {
      recent.used = true;
      return recent;
    }
    const conversation = this.get(convOf(block, start));
    this.#recent[slot] = conversation;
    return conversation;
  }

  /** Called when the first event of the conversation is durable, and when it is in the tables. */
  noteDirect(conversation: Conversation, indexed: boolean): void {
    const conv = parseConv(conversation.name);
    if (conv?.kind !== 'direct') return;
    for (const uid of new Set([conv.a, conv.b])) {
      const known = this.#newDirects.get(uid);
      if (indexed) {
        known?.delete(conversation);
        if (known?.size === 0) this.#newDirects.delete(uid);
      } else if (known) known.add(conversation);
      else this.#newDirects.set(uid, new Set([conversation]));
    }
  }

  /** The conversation, if it is in memory. */
  known(name: string): Conversation | undefined {
    return this.#byName.get(name);
  }

  /** The user's direct conversations that are not in the tables yet. */
  newDirects(uid: string): Iterable<Conversation> {
    return this.#newDirects.get(uid) ?? [];
  }

  #keep(conversation: Conversation): Conversation {
    this.#byName.set(conversation.name, conversation);
    return conversation;
  }

  /** Forgets what is not used, if there is too much. Not while a commit is under way: it changes heads. */
  trim(): void {
    if (this.#byName.size <= keptConversations) return;
    this.#recent = new Array(recentSlots).fill(undefined);
    // Second chance: what was used since the last time stays.
    for (const conversation of this.#byName.values()) {
      if (this.#byName.size <= keptConversations * 0.75) return;
      if (conversation.pinned) continue;
      this.#byName.delete(conversation.name);
      if (conversation.used) {
        conversation.used = false;
        this.#byName.set(conversation.name, conversation);
      }
    }
  }
}

// Names are ASCII and differ mostly at their ends, so all words count; nobody gains by making two collide.
function hashOf(view: DataView, offset: number, length: number): number {
  let hash = length;
  let i = 0;
  for (; i + 4 <= length; i += 4) hash = Math.imul(hash ^ view.getInt32(offset + i, true), 0x9e3779b1);
  for (; i < length; i++) hash = Math.imul(hash ^ view.getUint8(offset + i), 0x9e3779b1);
  return hash ^ (hash >>> 15);
}

function same(name: DataView, view: DataView, offset: number, length: number): boolean {
  if (name.byteLength !== length) return false;
  let i = 0;
  for (; i + 4 <= length; i += 4)
    if (name.getInt32(i, true) !== view.getInt32(offset + i, true)) return false;
  for (; i < length; i++) if (name.getUint8(i) !== view.getUint8(offset + i)) return false;
  return true;
}
