/** Those who want to hear of something. */
export class Emitter<T> {
  readonly #handlers = new Set<(value: T) => void>();

  on(handler: (value: T) => void): () => void {
    const own = (value: T): void => handler(value);
    this.#handlers.add(own);
    return () => void this.#handlers.delete(own);
  }

  emit(value: T): void {
    for (const handler of [...this.#handlers]) handler(value);
  }
}
