import type { StoredEvent } from '../schemas/event.ts';
import type { Platform } from '../schemas/identity.ts';
import type { NoticeOf, NoticeType } from '../schemas/notices.ts';

/** What a user is told on n/{uid} besides `ts`, which the broker adds. */
export type Notice = NoticeOf<NoticeType>;
/** To a user's own devices: what the user changed of what they keep about a conversation. */
export type ConversationNotice = NoticeOf<'conversation'>;
/** About the user's friends and requests; `uid` is the other one. Every device of both hears of it. */
export type FriendNotice = NoticeOf<'friend'>;
/** About the user's devices, to the others of them. */
export type DeviceNotice = NoticeOf<'device'>;

/** A connection has its CONNACK: older ones that `devices.policy` excludes beside it go. `at` and `node` give all claims an order. */
export interface Claim {
  readonly type: 'claim';
  readonly uid: string;
  readonly platform?: Platform;
  readonly at: number;
  readonly node: string;
}

/**
 * Connections of the user (of one device, or those that came by one of these sign-ins, where given) end with this DISCONNECT
 * reason.
 */
export interface End {
  readonly type: 'end';
  readonly uid: string;
  readonly did?: string;
  readonly sids?: readonly string[];
  /** Those that were opened later (ms, by the clock of their node) stay. */
  readonly until?: number;
  /** Their sessions end with them. */
  readonly forget?: true;
  readonly reason: number;
}

/** What one part of the server tells all nodes. */
export type BusMessage =
  /** A notice for every connection of the user, but for those of the device `except`. */
  | { readonly type: 'notice'; readonly uid: string; readonly notice: Notice; readonly except?: string }
  | Claim
  /** The user is (`since`: seq of the event of the joining) or is no longer (`since` absent) a member of the group. */
  | { readonly type: 'membership'; readonly gid: string; readonly uid: string; readonly since?: number }
  /** The event with this id, which is about to be stored, is the last of the group that these users get. */
  | { readonly type: 'parting'; readonly gid: string; readonly id: string; readonly uids: readonly string[] }
  /** Members of the group may see all of it. */
  | { readonly type: 'opened'; readonly gid: string }
  /** A member types in the group, or no longer: each node tells its members who may hear it. */
  | { readonly type: 'typing'; readonly gid: string; readonly uid: string; readonly on: boolean }
  /** Connections of the user came or went, or their will said something: their presence is to be read anew. */
  | { readonly type: 'presence'; readonly uid: string }
  /** What is cached about this user, pair (`a>b`: may a write to b) or group no longer holds. */
  | { readonly type: 'stale'; readonly user?: string; readonly group?: string }
  | End
  /** Another node takes the user's session: a connection of it that has a smaller number (store/owners.ts) ends. */
  | { readonly type: 'takeover'; readonly uid: string; readonly clientId: string; readonly number: number }
  /** Nodes came, left or are reached elsewhere: look at the list. */
  | { readonly type: 'nodes' };

/** What a node can listen to: a user's own things, a group's, and who watches a user's presence. */
export type BusTopic = `u:${string}` | `g:${string}` | `p:${string}`;

/**
 * A new event; `topic` is the one it came by, absent where it came once for all who listen here. Who keeps `raw` copies it: it may be
 * a part of much more.
 */
export type BusEventListener = (event: StoredEvent, rewrites: boolean, topic?: BusTopic) => void;

/**
 * Tells all nodes of changes, and brings new events to the nodes that have somebody for them.
 *
 * Guarantees: what one publisher publishes arrives in that order; what is published after `flushed` has resolved, by whomever,
 * arrives behind what was published before it. Nothing is lost silently: a node that may have missed something is told
 * (`onLoss`) after it hears again, and so is every node where a publisher could not tell. What is published may come twice.
 * Messages about a user (`notice`, `claim`, `membership`, `takeover`), a group (`parting`, `opened`, `typing`) or whoever
 * watches a user (`presence`), and events, come to nodes that listen to it, all others to every node, the publishing one
 * included. In one process (memory) everything has reached every subscriber when `publish` returns, and each event comes
 * once.
 */
export interface Bus {
  publish(message: BusMessage): void;
  /** In seq order of its conversation. `rewrites`: it changed the bodies of earlier events (a recall). */
  publishEvent(event: StoredEvent, rewrites: boolean): void;
  /** Rejects with `store.unavailable` where it cannot be known now. */
  flushed(): Promise<void>;
  /** Answers a function that ends the subscription; so do the others. */
  subscribe(handler: (message: BusMessage) => void): () => void;
  onEvent(listener: BusEventListener): () => void;
  /**
   * What is published about the topic after this resolves comes here, until `leave` was called as often. Rejects with
   * `store.unavailable`: then there is nothing to leave.
   */
  listen(topic: BusTopic): Promise<void>;
  leave(topic: BusTopic): void;
  /** To be called where something may be true of which nobody was told: every node is told of a loss. */
  tellLoss(): void;
  /** Something may have been missed: whoever keeps up by the bus reads anew. */
  onLoss(handler: () => void): () => void;
  /** Rejects with `store.unavailable` while nothing can be published or heard. */
  check(): Promise<void>;
  close(): Promise<void>;
}
