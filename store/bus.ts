import type { ErrorBody } from '../schemas/errors.ts';
import type { ConvId } from '../schemas/event.ts';

/** What a user is told on n/{uid} besides `ts`, which the broker adds. */
export type Notice =
  | { readonly type: 'read' | 'delivered'; readonly conv: ConvId; readonly uid: string; readonly seq: number }
  | { readonly type: 'typing'; readonly conv: ConvId; readonly uid: string; readonly on: boolean }
  | {
      readonly type: 'group';
      readonly gid: string;
      readonly action: 'added' | 'removed' | 'dissolved' | 'request';
    }
  | { readonly type: 'friend' | 'device'; readonly [member: string]: unknown }
  | { readonly type: 'gap'; readonly conv: ConvId; readonly from: number; readonly to: number }
  | ({ readonly type: 'error'; readonly id?: string } & ErrorBody);

/** What one part of the server tells all nodes. */
export type BusMessage =
  /** A notice for every connection of the user. */
  | { readonly type: 'notice'; readonly uid: string; readonly notice: Notice }
  /** The user is (`since` = first seq to see) or is no longer (`since` absent) a member of the group. */
  | { readonly type: 'membership'; readonly gid: string; readonly uid: string; readonly since?: number }
  /** What is cached about this user, pair (`a>b`: may a write to b) or group no longer holds. */
  | { readonly type: 'stale'; readonly user?: string; readonly group?: string }
  /** Connections of the user (of one device, where given) end with this DISCONNECT reason. */
  | { readonly type: 'end'; readonly uid: string; readonly did?: string; readonly reason: number };

/**
 * Tells all nodes of a change. In one process a published message has reached every subscriber when `publish` returns;
 * messages of one publisher arrive in their order.
 */
export interface Bus {
  publish(message: BusMessage): void;
  /** Answers a function that ends the subscription. */
  subscribe(handler: (message: BusMessage) => void): () => void;
}
