/**
 * A Bloom filter of repeat keys, so that a new id costs no look into the tables. It holds all keys of the
 * conversations that are `covered`; others are looked up. Blocked: the four bits of a key are in one cache line.
 */
export class KeyFilter {
  readonly #words: Uint32Array;
  readonly #capacity: number;
  #count = 0;
  /** Changes when the filter was emptied: conversations covered before are not any more. */
  epoch = 1;

  /** `bits`: a power of two. At 10 bits a key one in a hundred new keys is looked up in vain, at 3 a third. */
  constructor(bits = 2 ** 27) {
    this.#words = new Uint32Array(bits / 32);
    this.#capacity = bits / 3;
  }

  add(conv: number, hash: number): void {
    if (this.#count++ > this.#capacity) this.#clear();
    const words = this.#words;
    const line = lineOf(conv, hash) & (words.length - 1);
    const bits = bitsOf(conv, hash);
    words[line | (bits & 15)]! |= 1 << ((bits >>> 4) & 31);
    words[line | ((bits >>> 8) & 15)]! |= 1 << ((bits >>> 12) & 31);
    words[line | ((bits >>> 16) & 15)]! |= 1 << ((bits >>> 20) & 31);
    words[line | ((bits >>> 24) & 15)]! |= 1 << (bits >>> 27);
  }

  /** False where the key was never added. */
  has(conv: number, hash: number): boolean {
    const words = this.#words;
    const line = lineOf(conv, hash) & (words.length - 1);
    const bits = bitsOf(conv, hash);
    return (
      ((words[line | (bits & 15)]! >>> ((bits >>> 4) & 31)) &
        (words[line | ((bits >>> 8) & 15)]! >>> ((bits >>> 12) & 31)) &
        (words[line | ((bits >>> 16) & 15)]! >>> ((bits >>> 20) & 31)) &
        (words[line | ((bits >>> 24) & 15)]! >>> (bits >>> 27)) &
        1) ===
      1
    );
  }

  #clear(): void {
    this.#words.fill(0);
    this.#count = 1;
    this.epoch++;
  }
}

// Two independent mixtures of (conv, hash): which line, and which bits of it.
function lineOf(conv: number, hash: number): number {
  const mixed = Math.imul(hash ^ Math.imul(conv, 0x9e3779b1), 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) << 4;
}

function bitsOf(conv: number, hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16) ^ Math.imul(conv, 0xc2b2ae35), 0x27d4eb2f);
  return mixed ^ (mixed >>> 13);
}
