// A timer would do, but those of a hidden page run once a minute.
export const nextTick = (callback: (...values: unknown[]) => void, ...values: unknown[]): void =>
  queueMicrotask(() => callback(...values));
