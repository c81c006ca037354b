/** Lets what somebody does go on step by step: each call of what it works with waits until it may. */
export class Steps {
  #waiting: (() => void) | undefined;
  #changed: () => void = () => {};
  #running = 0;

  /** The object, each of whose methods waits for a step before it begins. */
  over<T extends object>(target: T, methods: readonly (keyof T & string)[]): T {
    const gated = Object.fromEntries(
      methods.map((name) => {
        const method = (target[name] as (...args: unknown[]) => Promise<unknown>).bind(target);
        return [
          name,
          async (...args: unknown[]) => {
            await this.#turn();
            return method(...args);
          },
        ];
      }),
    );
    return Object.assign(Object.create(target), gated) as T;
  }

  /** Begins work whose calls wait. One at a time. */
  begin(work: () => Promise<unknown>): void {
    this.#running++;
    const done = (): void => {
      this.#running--;
      this.#changed();
    };
    work().then(done, done);
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#changed();
    });
  }

  /** Lets the next call go, and resolves when the one after it waits or the work is done. Answers whether there is more. */
  async next(): Promise<boolean> {
    await this.#settled();
    const go = this.#waiting;
    this.#waiting = undefined;
    go?.();
    await this.#settled();
    return this.#waiting !== undefined;
  }

  #settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = () => {
        if (this.#running === 0 || this.#waiting !== undefined) resolve();
      };
      this.#changed();
    });
  }
}
