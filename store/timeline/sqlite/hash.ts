import { at, type Block, headerBytes, rawStart } from './entry.ts';

/**
 * HalfSipHash-2-4 over (from, id), keyed with a secret of the store, so that nobody outside can make ids that collide.
 * A hit is always compared with the event itself. After J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF", 2012.
 */
export class KeyHash {
  readonly #key: Int32Array;
  readonly #state = new Int32Array(4);

  /** `secret`: 8 bytes. */
  constructor(secret: Uint8Array) {
    const view = new DataView(secret.buffer, secret.byteOffset, 8);
    this.#key = Int32Array.of(view.getInt32(0, true), view.getInt32(4, true));
  }

  /** The hash of the event's key, 32 bits, unsigned. */
  of(block: Block, start: number): number {
    const { bytes, view } = block;
    const state = this.#state;
    state[0] = this.#key[0]!;
    state[1] = this.#key[1]!;
    state[2] = this.#key[0]! ^ 0x6c796765;
    state[3] = this.#key[1]! ^ 0x74656462;
    const end = rawStart(block, start);
    let offset = start + headerBytes;
    // The first word holds both lengths: ("ab", "c") and ("a", "bc") are different keys.
    this.#word(bytes[start + at.fromLength]! | ((end - offset) << 8));
    for (; offset + 4 <= end; offset += 4) this.#word(view.getInt32(offset, true));
    let last = 0;
    for (let shift = 0; offset < end; offset++, shift += 8) last |= bytes[offset]! << shift;
    this.#word(last);
    state[2] = state[2]! ^ 0xff;
    this.#rounds(4);
    return (state[1]! ^ state[3]!) >>> 0;
  }

  #word(word: number): void {
    const state = this.#state;
    state[3] = state[3]! ^ word;
    this.#rounds(2);
    state[0] = state[0]! ^ word;
  }

  #rounds(count: number): void {
    const state = this.#state;
    let v0 = state[0]!;
    let v1 = state[1]!;
    let v2 = state[2]!;
    let v3 = state[3]!;
    for (let round = count; round > 0; round--) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    state[0] = v0;
    state[1] = v1;
    state[2] = v2;
    state[3] = v3;
  }
}
