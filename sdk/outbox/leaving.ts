const maxStored = 200;

/** What leaves the storage: a list that is being read may still have it, and must not bring it back. */
export class Leaving {
  /** Their removal is being written; or could not be, and they stay here. */
  readonly #removing = new Set<string>();
  /** They went while somebody read. */
  readonly #left = new Set<string>();
  /** The last ones that the server has stored. */
  readonly #stored = new Set<string>();
  #readers = 0;

  has(name: string): boolean {
    return this.#removing.has(name) || this.#left.has(name);
  }

  /** Before the removal is written; to be called again when it is. */
  begin(name: string): () => void {
    this.#removing.add(name);
    return () => {
      this.#removing.delete(name);
      this.left(name);
    };
  }

  left(name: string): void {
    if (this.#readers > 0) this.#left.add(name);
  }

  /** Whether the server has stored it lately: who says otherwise did not know yet. */
  isStored(name: string): boolean {
    return this.#stored.has(name);
  }

  stored(name: string): void {
    this.#stored.add(name);
    const [oldest] = this.#stored;
    if (this.#stored.size > maxStored) this.#stored.delete(oldest!);
  }

  beginReading(): () => void {
    this.#readers++;
    return () => {
      this.#readers--;
      if (this.#readers === 0) this.#left.clear();
    };
  }
}
