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
  /** What is cached about this user, pair (`a>b`: may a write to b) or group no longer holds. */
  | { readonly type: 'stale'; readonly user?: string; readonly group?: string }
  /**
   * Connections of the user (of one device, or those that came by one of these sign-ins, where given) end with this
   * DISCONNECT reason.
   */
  | {
      readonly type: 'end';
      readonly uid: string;
      readonly did?: string;
      readonly sids?: readonly string[];
      /** Their sessions end with them. */
      readonly forget?: true;
      readonly reason: number;
    };

/**
 * Tells all nodes of a change. In one process a published message has reached every subscriber when `publish` returns;
 * messages of one publisher arrive in their order.
 */
export interface Bus {
  publish(message: BusMessage): void;
  /** Answers a function that ends the subscription. */
  subscribe(handler: (message: BusMessage) => void): () => void;
}
