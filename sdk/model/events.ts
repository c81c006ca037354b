import type { ClientEvents } from '../types.ts';

type Name = keyof ClientEvents;
type Said<E extends Name> = Parameters<ClientEvents[E]>[0];

/** Who wants to hear of what. */
export class Events {
  readonly #handlers = new Map<Name, Set<(said: unknown) => void>>();

  on<E extends Name>(event: E, handler: ClientEvents[E]): () => void {
    const handlers = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, handlers);
    // One function may listen twice.
    const own = (said: unknown): void => (handler as (said: unknown) => void)(said);
    handlers.add(own);
    return () => void handlers.delete(own);
  }

  /** What a handler throws is its own affair: it is thrown where nobody else is harmed. */
  emit<E extends Name>(event: E, said: Said<E>): void {
    for (const handler of [...(this.#handlers.get(event) ?? [])]) {
      try {
        handler(said);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
