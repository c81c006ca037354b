import type { ColumnType, Generated } from 'kysely';

type Optional<T> = ColumnType<T | null, T | null | undefined, T | null>;

export interface UsersTable {
  uid: string;
  name: Optional<string>;
  password_hash: Optional<string>;
  created_at: number;
  banned_until: Generated<number>;
  ban_reason: Optional<string>;
  origin: string;
  avatar: Optional<string>;
  bio: Optional<string>;
  /** 1 or 0, as are the next two. */
  discoverable: Generated<number>;
  read_receipts: Generated<number>;
  invisible: Generated<number>;
  /** ms; 0 while the user is there. */
  removed_at: Generated<number>;
}

/** Where a search for a user may begin: the uid, and the name from each of its words on. */
export interface UserWordsTable {
  uid: string;
  word: string;
  /** The user's; here so that a search passes nobody over. */
  discoverable: number;
}

export interface RemovalsTable {
  uid: string;
  id: string;
  actor: string;
  removed_at: number;
  /** ms; 0 while there is work to be done. */
  finished_at: Generated<number>;
}

export interface RemovalTracesTable {
  uid: string;
  conv: string;
  seq: number;
  /** 1 or 0. */
  told: number;
}

export interface DevicesTable {
  uid: string;
  did: string;
  platform: Optional<string>;
  name: Optional<string>;
  created_at: number;
  last_seen: number;
}

export interface AbsencesTable {
  uid: string;
  status: Optional<string>;
  status_at: Generated<number>;
  hidden_at: Generated<number>;
}

export interface FamiliesTable {
  sid: string;
  uid: string;
  did: string;
  platform: Optional<string>;
  token_hash: string;
  created_at: number;
  expires_at: number;
  revoked_at: Generated<number>;
}

export interface SigningKeysTable {
  kid: string;
  private_jwk: string;
  public_jwk: string;
  created_at: number;
  retired_at: number;
  lasts_until: number;
}

export interface FriendsTable {
  uid: string;
  friend: string;
  remark: Optional<string>;
  since: number;
}

export interface BlocksTable {
  uid: string;
  blocked: string;
  created_at: number;
}

export interface FriendRequestsTable {
  from_uid: string;
  to_uid: string;
  id: string;
  note: Optional<string>;
  state: string;
  asked_at: number;
  decided_at: Generated<number>;
}

export interface GroupsTable {
  gid: string;
  name: string;
  owner: string;
  avatar: Optional<string>;
  announcement: Optional<string>;
  join_policy: string;
  muted: number;
  history: string;
  member_count: number;
  created_at: number;
  dissolved_at: Generated<number>;
  changes: number;
}

export interface MembersTable {
  gid: string;
  uid: string;
  role: string;
  nick: Optional<string>;
  muted_until: Generated<number>;
  joined_at: number;
  since: number;
  since_n: number;
  waits_for: number;
}

export interface JoinRequestsTable {
  gid: string;
  uid: string;
  asked_at: number;
}

export interface InvitesTable {
  code: string;
  gid: string;
  creator: string;
  created_at: number;
  expires_at: number;
  /** JSON; null where anyone may use it. */
  uids: Optional<string>;
}

export interface OutboxTable {
  gid: string;
  change_no: number;
  id: string;
  sender: string;
  raw: string;
}

export interface ConversationSettingsTable {
  uid: string;
  conv: string;
  pinned_at: Generated<number>;
  muted_until: Generated<number>;
  hidden_n: Optional<number>;
  draft: Optional<string>;
  draft_at: Generated<number>;
  marked_unread: Generated<number>;
  cleared_seq: Generated<number>;
  cleared_n: Generated<number>;
}

export interface AuditTable {
  id: string;
  created_at: number;
  actor: string;
  action: string;
  target: Optional<string>;
  detail: string;
  address: string;
  outcome: string;
}

export interface BroadcastsTable {
  id: string;
  message_id: string;
  sender: string;
  payload: string;
  kind: string;
  state: string;
  total: number;
  sent: Generated<number>;
  failed: Generated<number>;
  position: string;
  created_at: number;
  finished_at: Generated<number>;
  lease_owner: Optional<string>;
  lease_until: Generated<number>;
}

export interface BroadcastPagesTable {
  id: string;
  page: number;
  /** JSON. */
  targets: string;
}

export interface MentionsTable {
  conv: string;
  /** A user, or `@all`. */
  uid: string;
  n: number;
  seq: number;
  sender: string;
}

export interface PinsTable {
  conv: string;
  seq: number;
  change_seq: number;
  pinned_by: string;
  pinned_at: number;
}

export interface DirectoryTables {
  users: UsersTable;
  user_words: UserWordsTable;
  removals: RemovalsTable;
  removal_traces: RemovalTracesTable;
  devices: DevicesTable;
  absences: AbsencesTable;
  families: FamiliesTable;
  signing_keys: SigningKeysTable;
  friends: FriendsTable;
  blocks: BlocksTable;
  friend_requests: FriendRequestsTable;
  chat_groups: GroupsTable;
  members: MembersTable;
  join_requests: JoinRequestsTable;
  invites: InvitesTable;
  outbox: OutboxTable;
  mentions: MentionsTable;
  pins: PinsTable;
  audit: AuditTable;
  broadcasts: BroadcastsTable;
  broadcast_pages: BroadcastPagesTable;
  conversation_settings: ConversationSettingsTable;
}
