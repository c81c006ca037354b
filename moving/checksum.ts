import { hash } from 'node:crypto';

const lanes = 8;

/**
 * A sum over lines that their order does not change: of their SHA-256 values, as eight 32-bit numbers each, number by
 * number, modulo 2^32. A line more, less, twice or changed gives another sum. It guards against faults, not against forgery.
 */
export class Checksum {
  readonly #lanes = new Uint32Array(lanes);

  /** `text`: what `toString` gave. */
  static from(text: string): Checksum {
    const checksum = new Checksum();
    const bytes = Buffer.from(text, 'hex');
    for (let i = 0; i < lanes; i++) checksum.#lanes[i] = bytes.readUInt32BE(i * 4);
    return checksum;
  }

  static of(lines: readonly string[]): Checksum {
    const checksum = new Checksum();
    for (const line of lines) checksum.add(line);
    return checksum;
  }

  /** Adds a line, without the newline behind it. */
  add(line: string): void {
    const digest = hash('sha256', line, 'buffer');
    for (let i = 0; i < lanes; i++) this.#lanes[i]! += digest.readUInt32BE(i * 4);
  }

  addAll(other: Checksum): void {
    for (let i = 0; i < lanes; i++) this.#lanes[i]! += other.#lanes[i]!;
  }

  /** 64 hex digits, the most significant of each number first. */
  toString(): string {
    const bytes = Buffer.alloc(lanes * 4);
    for (let i = 0; i < lanes; i++) bytes.writeUInt32BE(this.#lanes[i]!, i * 4);
    return bytes.toString('hex');
  }
}
