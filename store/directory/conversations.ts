import type { ConvId } from '../../schemas/event.ts';

/** `mutedUntil` of what is muted without an end. */
export const mutedForEver = Number.MAX_SAFE_INTEGER;

/** What a user keeps about a conversation, for all of the user's devices. */
export interface ConversationSettings {
  readonly conv: ConvId;
  /** ms; 0 where not pinned. */
  readonly pinnedAt: number;
  /** ms; 0 where not muted, `mutedForEver` without an end. */
  readonly mutedUntil: number;
  /** The head's `n` when it was hidden: it shows again when there is a later message. Absent where not hidden. */
  readonly hiddenN?: number;
  readonly draft?: { readonly text: string; readonly at: number };
  readonly markedUnread: boolean;
  /** The user removed everything up to this seq from their own view; 0 where nothing. */
  readonly clearedSeq: number;
  /** `n` at clearedSeq. */
  readonly clearedN: number;
}

/** What is to change; what is absent stays, null takes it away. */
export interface SettingsChange {
  /** Stays as it was where the conversation is pinned already; 0 unpins. */
  readonly pinnedAt?: number;
  readonly mutedUntil?: number;
  readonly hiddenN?: number | null;
  readonly draft?: { readonly text: string; readonly at: number } | null;
  readonly markedUnread?: boolean;
  /** Never goes back. */
  readonly cleared?: { readonly seq: number; readonly n: number };
}

/** Another user as a list of conversations and receipts need them. */
export interface Peer {
  readonly name?: string;
  /** Whether others are told how far the user has read. */
  readonly readReceipts: boolean;
}

/** What a user keeps about conversations of theirs, and what lists and receipts read of many at once. */
export interface DirectoryConversations {
  /** All that the user keeps, in no order. */
  settingsOf(uid: string): Promise<ConversationSettings[]>;
  /** About how many conversations the user keeps something. */
  countSettings(uid: string): Promise<number>;
  /** Undefined where the user keeps nothing about it. */
  settings(uid: string, conv: ConvId): Promise<ConversationSettings | undefined>;
  /** Answers the settings as they are afterwards. */
  changeSettings(uid: string, conv: ConvId, change: SettingsChange): Promise<ConversationSettings>;
  /** Takes the mark of being unread away; answers whether there was one. */
  clearMark(uid: string, conv: ConvId): Promise<boolean>;
  /** Those conversations that the user removed from their view, and up to where. */
  clearedOf(uid: string): Promise<{ readonly conv: ConvId; readonly seq: number }[]>;
  /** Those of the uids that are users. */
  peers(uids: readonly string[]): Promise<Map<string, Peer>>;
  groupNames(gids: readonly string[]): Promise<Map<string, string>>;
  /** From where on the user sees the group's events and counts its messages; undefined where they have no part in it. */
  placeIn(gid: string, uid: string): Promise<{ readonly since: number; readonly sinceN: number } | undefined>;
  /** Members who may see the event with this seq, in uid order from after `afterUid`. */
  readersOf(
    gid: string,
    seq: number,
    afterUid: string,
    limit: number,
  ): Promise<{ readonly uid: string; readonly readReceipts: boolean }[]>;
}
