import type { Outgoing } from '../schemas/messages.ts';
import type { Appended, Submission } from '../store/timeline.ts';
import type { Receiver } from './commit.ts';
import type { Forwarded, ForwardInput } from './forward.ts';
import type { Route, SendInput, Sent } from './sender.ts';

/**
 * The way of messages into the timeline, as brokers and the API use it: a worker in this process, or workers of others.
 *
 * Guarantees: what is answered `stored` is durable in its place; what fails with `store.unavailable` may be stored or not and is
 * sent again without harm. Messages that one caller gives for one conversation get their seqs in the order of the
 * calls. Nothing waits longer than 10 s for a worker.
 */
export interface Sends {
  /**
   * Takes a message on its way: permission, what it refers to, moderation, commit; the receiver hears what became of it. Answers a
   * promise where the caller has to wait before it gives the next one of the same sender; it never rejects.
   */
  take(route: Route, outgoing: Outgoing, receiver: Receiver): Promise<void> | undefined;
  /** A send by those who do not publish it. Rejects with PetrelError: the codes of section 4, `conversation.not-found`. */
  send(input: SendInput): Promise<Sent>;
  /** Sends what was said elsewhere, all or none; rejects as `send` does. */
  forward(input: ForwardInput): Promise<Forwarded[]>;
  /** Stores an event of the server's own as it is. */
  submit(submission: Submission): Promise<Appended>;
  /** Whether senders should wait before they give more; `whenRelieved` tells when. */
  readonly full: boolean;
  whenRelieved(callback: () => void): void;
  /** What is not answered yet. */
  readonly waiting: number;
  /** Resolves when all that was taken is answered. */
  drained(): Promise<void>;
}
