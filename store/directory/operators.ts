/** One thing that an operator or an application's backend did, or tried to do. */
export interface AuditEntry {
  /** Later entries have greater ids; it begins with the time, see `auditIdAt`. */
  readonly id: string;
  /** ms. */
  readonly at: number;
  /** The uid of the token that was used. */
  readonly actor: string;
  /** The name of the operation. */
  readonly action: string;
  /** The user, group or broadcast it was about. */
  readonly target?: string;
  /** What was asked for, as JSON; never a secret, never a message's body. */
  readonly detail: string;
  readonly address: string;
  /** `ok`, the code of the error, or `pending` where the end is not known: still at work, or the server died. */
  readonly outcome: string;
}

/** The least id of an entry of this time. */
export const auditIdAt = (at: number): string => String(Math.max(0, at)).padStart(15, '0');

export const broadcastStates = ['running', 'done', 'cancelled'] as const;
export type BroadcastState = (typeof broadcastStates)[number];
export type BroadcastKind = 'uids' | 'gids' | 'all';

/** A message to many, and how far it has come. */
export interface Broadcast {
  readonly id: string;
  /** The id of its message in every conversation: unguessable, so that nobody can take it first. */
  readonly messageId: string;
  /** `system` or a uid. */
  readonly from: string;
  /** The message without its id, as JSON. */
  readonly payload: string;
  readonly kind: BroadcastKind;
  readonly state: BroadcastState;
  readonly total: number;
  readonly sent: number;
  readonly failed: number;
  /** Where it goes on: the last uid (`all`), or the number of pages that are done. */
  readonly position: string;
  readonly createdAt: number;
  /** ms; 0 while it runs. */
  readonly finishedAt: number;
}

export interface DirectoryOperators {
  addAudit(entry: AuditEntry): Promise<void>;
  /** What became of it; `target` where it was not known before. */
  settleAudit(id: string, outcome: string, target?: string): Promise<void>;
  /** Newest first, only ids below `below`. */
  listAudit(wanted: {
    readonly action?: string;
    readonly target?: string;
    readonly actor?: string;
    readonly below: string;
    readonly limit: number;
  }): Promise<AuditEntry[]>;
  /** Forgets entries with ids below, at most a thousand; answers how many. */
  pruneAudit(below: string): Promise<number>;

  /** Users who were not removed, in uid order, from after `afterUid`. */
  usersAfter(afterUid: string, limit: number): Promise<string[]>;
  countUsers(): Promise<number>;

  /** Makes it with the pages of its targets (none for `all`); false where the id is taken. */
  createBroadcast(
    broadcast: Omit<Broadcast, 'state' | 'sent' | 'failed' | 'position' | 'finishedAt'>,
    pages: readonly (readonly string[])[],
  ): Promise<boolean>;
  getBroadcast(id: string): Promise<Broadcast | undefined>;
  /** Newest first; those that are older than `before` (by time, then id). */
  listBroadcasts(
    before: { readonly createdAt: number; readonly id: string } | undefined,
    limit: number,
  ): Promise<Broadcast[]>;
  /** The targets of one page, from page 0 on; none behind the last. */
  broadcastPage(id: string, page: number): Promise<string[]>;
  /** Takes running broadcasts that no one holds at `now`, the oldest first; they are the owner's until `until`. */
  claimBroadcasts(owner: string, now: number, until: number, limit: number): Promise<Broadcast[]>;
  /**
   * Notes that a page is done and holds on to it until `until` (0 lets go). Answers the state as it is now, undefined
   * where another holds it: nothing is noted then.
   */
  advanceBroadcast(
    id: string,
    owner: string,
    step: { readonly position: string; readonly sent: number; readonly failed: number },
    until: number,
  ): Promise<BroadcastState | undefined>;
  /** Ends a running broadcast and forgets its targets; answers whether it was running (and the owner's, where given). */
  finishBroadcast(id: string, state: 'done' | 'cancelled', at: number, owner?: string): Promise<boolean>;
  /** Forgets broadcasts that ended before, at most a thousand; answers how many. */
  pruneBroadcasts(before: number): Promise<number>;
}
