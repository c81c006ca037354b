import type { Route } from '../policy/routes.ts';
import type { ConvId } from '../schemas/event.ts';
import type { ForwardMark, Outgoing } from '../schemas/messages.ts';
import type { Appended, Submission } from '../store/timeline.ts';
import type { Receiver } from './commit.ts';

/** A send by those who do not publish it. */
export interface SendInput {
  readonly conv: ConvId;
  readonly from: string;
  /** The JSON object of a message; its `id` may be absent. */
  readonly payload: unknown;
  /**
   * The server itself writes: membership, blocks, mutes, rate and moderation are not asked, schema, ids and size are. Type
   * `system` is allowed, and changes as an owner may make them.
   */
  readonly asSystem?: boolean;
  /** The sender's rate is not asked: an operator sends in their name. */
  readonly unlimited?: boolean;
  /** With `asSystem`: the user or group is known to be there and is not looked for, one by one, again. */
  readonly found?: boolean;
}

/** Where a send by HTTP found its place. */
export interface Sent {
  readonly conv: ConvId;
  readonly seq: number;
  readonly ts: number;
  readonly repeat: boolean;
}

/** A message of another conversation, as it is to be said again. */
export interface ForwardMessage {
  readonly id: string;
  readonly type: string;
  readonly body: unknown;
  readonly forward: ForwardMark;
}

export interface ForwardInput {
  readonly conv: ConvId;
  readonly from: string;
  readonly messages: readonly ForwardMessage[];
}

/** Where a forwarded message found its place. */
export interface Forwarded {
  readonly id: string;
  readonly seq: number;
  readonly ts: number;
  readonly repeat: boolean;
}

/**
 * The way of messages into the timeline, as brokers and the API use it: a worker in this process, or workers of others.
 *
 * Guarantees: what is answered `stored` is durable in its place; what fails with `store.unavailable` may be stored or not and is
 * sent again without harm. Messages that one caller gives for one conversation get their seqs in the order of the
 * calls. Nothing waits longer than 10 s for a worker.
 */
export interface Sends {
  /**
   * Takes a message that fits its schema and whose rate was taken: permission, what it refers to, moderation, commit; the
   * receiver hears what became of it. Answers a promise where the caller has to wait before it gives the next one of
   * the same sender; it never rejects.
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
