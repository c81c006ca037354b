/** Counts by labels, kept as plain numbers: adding costs one look-up. */
export class Tally<Labels extends readonly string[]> {
  readonly #counts = new Map<string, { readonly labels: Labels; count: number }>();

  /** Adds to the count of these labels; the difference may be negative. */
  add(difference: number, ...labels: Labels): void {
    const key = labels.length === 1 ? labels[0]! : labels.join('\0');
    const entry = this.#counts.get(key);
    if (entry) entry.count += difference;
    else this.#counts.set(key, { labels, count: difference });
  }

  count(...labels: Labels): number {
    return this.#counts.get(labels.join('\0'))?.count ?? 0;
  }

  *entries(): Iterable<readonly [labels: Labels, count: number]> {
    for (const { labels, count } of this.#counts.values()) yield [labels, count];
  }
}
