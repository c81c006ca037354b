/** Calls of one at a time as calls of many: what comes while `work` runs is its next batch. */
export function batched<T>(work: (items: readonly T[]) => Promise<void>): (item: T) => Promise<void> {
  let running = false;
  let next: { readonly items: Set<T>; readonly done: Promise<void>; start(): void } | undefined;

  const run = async (items: ReadonlySet<T>): Promise<void> => {
    running = true;
    try {
      await work([...items]);
    } finally {
      running = false;
      const following = next;
      next = undefined;
      following?.start();
    }
  };

  return (item) => {
    if (next === undefined) {
      const items = new Set<T>();
      let start!: () => void;
      const started = new Promise<void>((resolve) => {
        start = resolve;
      });
      next = { items, done: started.then(() => run(items)), start };
      if (!running) {
        running = true;
        queueMicrotask(() => {
          const first = next;
          next = undefined;
          first?.start();
        });
      }
    }
    next.items.add(item);
    return next.done;
  };
}
