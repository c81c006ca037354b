import type { Signal } from './signal.ts';

/** The clients of one storage: the tabs of a browser. One of them leads: it alone is connected and sends. */
export interface Tabs {
  /** Whether this one leads. Passes to another when the leader is closed; true for ever where there are no others. */
  readonly isLeader: Signal<boolean>;
  /** To all the others, as a structured clone; they hear it in order. */
  post(message: unknown): void;
  onMessage(handler: (message: unknown) => void): () => void;
  /** Runs the work while nobody else with this storage runs work of that name. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
