import type { Conversation } from './conversation.ts';
import { at, type Block, sameKey } from './entry.ts';

/** The events of one conversation in one generation: seqs `first`, `first + 1`, …, as numbers of the generation. */
export interface Part {
  readonly generation: Generation;
  readonly first: number;
  readonly events: number[];
  /** Those of them that are changes. */
  changes: number[] | undefined;
}

const grown = (array: Uint32Array): Uint32Array<ArrayBuffer> => {
  const twice = new Uint32Array(array.length * 2);
  twice.set(array);
  return twice;
};

/**
 * What one journal file holds, in memory, until the index thread has it in the tables: where each event's entry is, and
 * a hash table of the repeat keys (open addressing; the newest entries can be taken out again, for a failed commit).
 */
export class Generation {
  readonly number: number;
  count = 0;
  bytes = 0;
  /** Whether anything, events or cursors, is in the journal file. */
  used = false;
  readonly blocks: Block[] = [];
  /** The conversations with a part in it. */
  readonly conversations: Conversation[] = [];
  /** The cursors that were moved in it. */
  readonly moves: { readonly conversation: Conversation; readonly uid: string }[] = [];
  #block = new Uint32Array(1024);
  #start = new Uint32Array(1024);
  #hash = new Uint32Array(1024);
  #slots = new Int32Array(4096);

  constructor(number: number) {
    this.number = number;
  }

  blockOf(event: number): Block {
    return this.blocks[this.#block[event]!]!;
  }

  startOf(event: number): number {
    return this.#start[event]!;
  }

  /** Puts in the event that begins at `start` of the newest block, and answers its number. */
  add(start: number, hash: number): number {
    const event = this.count;
    if (event === this.#start.length) {
      this.#block = grown(this.#block);
      this.#start = grown(this.#start);
      this.#hash = grown(this.#hash);
    }
    if (event * 2 >= this.#slots.length) this.#rehash();
    this.#block[event] = this.blocks.length - 1;
    this.#start[event] = start;
    this.#hash[event] = hash;
    this.count = event + 1;
    this.#slots[this.#freeSlot(hash)] = event + 1;
    return event;
  }

  /** The event with this key, or -1. `block` and `start` are an entry of the conversation with the key in question. */
  find(conv: number, hash: number, block: Block, start: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const event = slots[slot]! - 1;
      if (event < 0) return -1;
      if (this.#hash[event] !== hash) continue;
      const other = this.blockOf(event);
      const otherStart = this.#start[event]!;
      if (other.view.getUint32(otherStart + at.conv, true) !== conv) continue;
      if (sameKey(other, otherStart, block, start)) return event;
    }
  }

  /** Takes the events from number `count` on out again. */
  truncate(count: number, blocks: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    while (this.count > count) {
      const event = --this.count;
      let slot = this.#hash[event]! & mask;
      while (slots[slot] !== event + 1) slot = (slot + 1) & mask;
      slots[slot] = 0;
    }
    this.blocks.length = blocks;
  }

  #freeSlot(hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    return slot;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 4);
    for (let event = 0; event < this.count; event++)
      this.#slots[this.#freeSlot(this.#hash[event]!)] = event + 1;
  }
}
