interface Request {
  readonly signal: AbortSignal | undefined;
  readonly grant: () => Promise<void>;
}

type Callback<T> = (lock: { readonly name: string; readonly mode: 'exclusive' }) => T | Promise<T>;
interface Options {
  readonly signal?: AbortSignal;
}

/** Web Locks, exclusive ones, as browsers have them: in the order of asking, held until the promise has settled. */
export class Locks {
  readonly #queues = new Map<string, Request[]>();

  request<T>(name: string, ...given: [Callback<T>] | [Options, Callback<T>]): Promise<T> {
    const [options, callback] = given.length === 1 ? [{}, given[0]] : given;
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      const request: Request = {
        signal,
        grant: async () => {
          try {
            resolve(await callback({ name, mode: 'exclusive' }));
          } catch (error) {
            reject(error as Error);
          }
        },
      };
      queue.push(request);
      signal?.addEventListener('abort', () => {
        const at = queue.indexOf(request);
        // Who has the lock gives it back by the promise alone.
        if (at > 0) {
          queue.splice(at, 1);
          reject(signal.reason as Error);
        }
      });
      if (queue.length === 1) void this.#serve(queue);
    });
  }

  async #serve(queue: Request[]): Promise<void> {
    for (;;) {
      const [next] = queue;
      if (next === undefined) return;
      await Promise.resolve();
      await next.grant();
      queue.shift();
    }
  }
}
