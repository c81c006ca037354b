import { at, type Block, headerBytes, rawStart } from './entry.ts';

/**
 * HalfSipHash-2-4 over (from, id), keyed with a secret of the store, so that nobody outside can make ids that collide.
 * A hit is always compared with the event itself. After J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF", 2012.
 */
export class KeyHash {
  readonly #key: Int32Array;
  /** The words of a key: its lengths, then at most 128 bytes, then what is left of them. */
  readonly #words = new Int32Array(40);

  /** `secret`: 8 bytes. */
  constructor(secret: Uint8Array) {
    const view = new DataView(secret.buffer, secret.byteOffset, 8);
    this.#key = Int32Array.of(view.getInt32(0, true), view.getInt32(4, true));
  }

  /** The hash of the event's key, 32 bits, unsigned. */
  of(block: Block, start: number): number {
    const { bytes, view } = block;
    const words = this.#words;
    const end = rawStart(block, start);
    let offset = start + headerBytes;
    // The first word holds both lengths: ("ab", "c") and ("a", "bc") are different keys.
    words[0] = bytes[start + at.fromLength]! | ((end - offset) << 8);
    let count = 1;
    for (; offset + 4 <= end; offset += 4) words[count++] = view.getInt32(offset, true);
    let last = 0;
    for (let shift = 0; offset < end; offset++, shift += 8) last |= bytes[offset]! << shift;
    words[count++] = last;

    let v0 = this.#key[0]!;
    let v1 = this.#key[1]!;
    let v2 = v0 ^ 0x6c796765;
    let v3 = v1 ^ 0x74656462;
    // Two rounds a word, and four behind them.
    const compression = count * 2;
    for (let round = 0; round < compression + 4; round++) {
      const first = (round & 1) === 0;
      if (first && round < compression) v3 ^= words[round >> 1]!;
      else if (round === compression) v2 ^= 0xff;
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
      if (!first && round < compression) v0 ^= words[round >> 1]!;
    }
    return (v1 ^ v3) >>> 0;
  }
}
