/** What is to be undone, newest first, when the server stops or its start fails. */
export class Closing {
  readonly #steps: (() => unknown)[] = [];

  /** The step runs before those that were added earlier. */
  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step();
  }
}
