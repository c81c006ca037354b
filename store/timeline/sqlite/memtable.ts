import { at, type Block, sameKey } from './entry.ts';

const grown = (array: Uint32Array): Uint32Array<ArrayBuffer> => {
  const twice = new Uint32Array(array.length * 2);
  twice.set(array);
  return twice;
};

/**
 * What one journal file holds, in memory, until the index thread has it in the tables: where each event's entry is,
 * which one of its conversation came before it, and a hash table of the repeat keys (open addressing; the newest
 * entries can be taken out again, for a failed commit).
 */
export class Generation {
  readonly number: number;
  count = 0;
  bytes = 0;
  /** Whether anything, events or cursors, is in the journal file. */
  used = false;
  blocks: Block[] = [];
  /** The slots of the conversations with events in it. */
  conversations: number[] = [];
  /** The cursors that were moved in it. */
  moves: { readonly slot: number; readonly uid: string }[] = [];
  #block = new Uint32Array(1024);
  #start = new Uint32Array(1024);
  #hash = new Uint32Array(1024);
  #previous = new Uint32Array(1024);
  #slots = new Int32Array(4096);

  /** `old`: a generation that is of no use any more; its arrays are taken over. */
  constructor(number: number, old?: Generation) {
    this.number = number;
    if (!old) return;
    this.#block = old.#block;
    this.#start = old.#start;
    this.#hash = old.#hash;
    this.#previous = old.#previous;
    this.#slots = old.#slots.fill(0);
  }

  blockOf(event: number): Block {
    return this.blocks[this.#block[event]!]!;
  }

  startOf(event: number): number {
    return this.#start[event]!;
  }

  /** The event of the same conversation before this one, plus 1; 0 where it is the first one here. */
  before(event: number): number {
    return this.#previous[event]!;
  }

  /** Puts in the event that begins at `start` of the newest block, behind `previous` (see `before`), and answers it. */
  add(start: number, hash: number, previous: number): number {
    const event = this.count;
    if (event === this.#start.length) {
      this.#block = grown(this.#block);
      this.#start = grown(this.#start);
      this.#hash = grown(this.#hash);
      this.#previous = grown(this.#previous);
    }
    if (event * 2 >= this.#slots.length) this.#rehash();
    this.#block[event] = this.blocks.length - 1;
    this.#start[event] = start;
    this.#hash[event] = hash;
    this.#previous[event] = previous;
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
