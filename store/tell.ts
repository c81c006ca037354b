/** Calls each handler, in their order: one's fault must not hide what happened from the others. */
export function tellEach<A extends readonly unknown[]>(
  handlers: Iterable<(...what: A) => void>,
  onError: (error: unknown) => void,
  ...what: A
): void {
  for (const handler of handlers) {
    try {
      handler(...what);
    } catch (error) {
      onError(error);
    }
  }
}
