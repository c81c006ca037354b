import type { ConvId } from '../../schemas/event.ts';

/** Whom a message mentions. */
export interface Mention {
  readonly conv: ConvId;
  readonly seq: number;
  /** The message's `n`: compared with the `n` a user has read up to. */
  readonly n: number;
  readonly from: string;
  /** Users, or `@all` alone for everybody. */
  readonly uids: readonly string[];
}

/** A message that is pinned. */
export interface Pin {
  readonly conv: ConvId;
  /** The message. */
  readonly seq: number;
  /** The seq of the change that pinned it. */
  readonly change: number;
  readonly by: string;
  /** ms. */
  readonly at: number;
}

/**
 * Where to look in the timeline: who is mentioned where, and what is pinned. The timeline has the truth of both; these rows
 * are written after its commit and before the acknowledgement, and writing them again is harmless.
 */
export interface DirectoryMarks {
  /**
   * Notes whom a message mentions; in a group, those who are members. Of one message all or none is noted; what is noted
   * stays as it is.
   */
  addMentions(mention: Mention): Promise<void>;
  /** How many messages with an `n` above the given one mention the user, by uid or as `@all`; in the order given. */
  countMentions(
    uid: string,
    above: readonly { readonly conv: ConvId; readonly n: number }[],
  ): Promise<number[]>;
  /** Forgets the user's own mentions up to this seq: they are read. */
  readMentions(conv: ConvId, uid: string, seq: number): Promise<void>;
  /** The message is pinned, by the newest change that was noted. */
  setPin(pin: Pin): Promise<void>;
  removePin(conv: ConvId, seq: number): Promise<void>;
  /** Pins whose change is below `before`, the newest first. */
  pins(conv: ConvId, before: number, limit: number): Promise<Pin[]>;
  /** Forgets mentions and pin of a message. */
  removeMarks(conv: ConvId, seq: number): Promise<void>;
}
