import type { ConnectionInfo } from '../schemas/connection.ts';
import type { ConvId } from '../schemas/event.ts';
import type { Platform } from '../schemas/identity.ts';
import type { Bus, End } from '../store/bus.ts';
import type { Directory } from '../store/directory.ts';
import type { Cursor, Timeline } from '../store/timeline.ts';
import type { Sends } from '../worker/sends.ts';
import type { Removals } from './accounts/removals.ts';
import type { Accounts } from './auth/accounts.ts';
import type { Folds } from './conversations/folds.ts';
import type { ConversationLists } from './conversations/lists.ts';
import type { GroupEvents } from './groups/events.ts';

/** The way of a message from the API into the timeline: rate, schema, policy, submit. */
export type Sender = Pick<Sends, 'send' | 'forward'>;

/** Moves the user's read cursor and tells those whom it concerns; the conversation is the user's. */
export type MoveRead = (conv: ConvId, uid: string, seq: number) => Promise<Cursor>;

/** Who is connected over MQTT now, on every node. */
export interface Connections {
  /** The user's connections; the directory knows by then all devices that were seen before. */
  devicesOf(uid: string): Promise<readonly ConnectionInfo[]>;
  /**
   * Takes away what is stored of a device's sessions, so that nothing waits for it; those that are connected end with
   * their connections.
   */
  forget(uid: string, did: string): Promise<void>;
  /** Ends connections on every node: those that have not ended soon are told again. Resolves when it was told first. */
  end(end: End): Promise<void>;
  /** In the order of `{uid}/{clientId}`, from after `after`; of one user where given. */
  list(input: {
    readonly uid?: string;
    readonly after: string;
    readonly limit: number;
  }): Promise<readonly ConnectionInfo[]>;
}

/** Since when a user is online or offline; ms. */
export interface PresenceInfo {
  readonly online: boolean;
  readonly ts: number;
  /** While online. */
  readonly platforms?: readonly Platform[];
}

/** The broadcasts that run in the background. */
export interface BroadcastRunner {
  /** There may be a new one. */
  wake(): void;
}

/** What the operations work with. */
export interface Services {
  readonly directory: Directory;
  readonly timeline: Timeline;
  readonly bus: Bus;
  readonly sender: Sender;
  readonly accounts: Accounts;
  readonly removals: Pick<Removals, 'removeAccount'>;
  readonly groupEvents: GroupEvents;
  readonly maxGroupMembers: number;
  readonly moveRead: MoveRead;
  /** Shows events with what later changes made of them. */
  readonly folds: Folds;
  readonly lists: ConversationLists;
  readonly connections: Connections;
  /** The user's presence as the asker may see it now; undefined where they may not. */
  readonly presenceOf: (asker: string, uid: string) => Promise<PresenceInfo | undefined>;
  readonly broadcasts: BroadcastRunner;
  /** Friends that one user may have. */
  readonly maxFriends: number;
  /** ms since 1970. */
  readonly clock: () => number;
}
