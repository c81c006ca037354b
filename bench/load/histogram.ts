const subBits = 6;
const subCount = 1 << subBits;

/** Counts of durations in µs in logarithmic buckets, each at most 1/64 wide: constant memory, no sorting. */
export class Histogram {
  readonly #counts = new Float64Array((32 - subBits + 1) * subCount);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  record(micros: number): void {
    const value = micros < 0 ? 0 : Math.min(micros, 0x7fffffff) | 0;
    const shift = value < 2 * subCount ? 0 : 31 - subBits - Math.clz32(value);
    this.#counts[shift * subCount + (value >>> shift)]! += 1;
    this.#total += 1;
  }

  /** The duration in µs that the given share (0..1) of all records does not exceed, to 1.6 %; NaN when empty. */
  quantile(share: number): number {
    if (this.#total === 0) return Number.NaN;
    const rank = Math.max(1, Math.ceil(this.#total * share));
    let seen = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket]!;
      if (seen >= rank) return upperBound(bucket);
    }
    return Number.NaN;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }
}

function upperBound(bucket: number): number {
  const shift = bucket < 2 * subCount ? 0 : (bucket >> subBits) - 1;
  return (bucket - shift * subCount + 1) * 2 ** shift - 1;
}
