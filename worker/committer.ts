import type { StoredEvent } from '../schemas/event.ts';
import type { Appended, Submission } from '../store/timeline.ts';

export type EventListener = (event: StoredEvent, rewrites: boolean) => void;

/**
 * The one way into the timeline, for the broker and the API alike: what arrives while a commit runs is the next batch.
 * Resolves after the event is durable; rejects with PetrelError `store.unavailable` when it is not (nothing half done).
 * New events are then given to the listeners in seq order of their conversation, repeats are not.
 */
export interface Committer {
  submit(submission: Submission): Promise<Appended>;
  /**
   * Called for every new event, after it is durable, in seq order of its conversation. `rewrites` tells that it changed
   * the bodies of earlier events (a recall).
   */
  onEvent(listener: EventListener): void;
}
