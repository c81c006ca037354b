import type { OutboxEntry, Place } from '../outbox/entry.ts';
import type { Notice, Presence, Status } from '../types.ts';
import type { Written } from './ingest.ts';
import type { ConversationShape, Patch } from './record.ts';

/** What the clients of one storage tell each other. */
export type News =
  /** From who leads: */
  | { readonly what: 'written'; readonly written: Written }
  | { readonly what: 'sent'; readonly entry: OutboxEntry; readonly place: Place }
  | { readonly what: 'notice'; readonly notice: Notice }
  | { readonly what: 'status'; readonly status: Status; readonly isSynced: boolean }
  | { readonly what: 'is'; readonly uid: string; readonly presence: Presence | undefined }
  | { readonly what: 'leading' }
  /** To who leads: */
  | { readonly what: 'hello' }
  | { readonly what: 'read'; readonly conv: string; readonly seq: number }
  | { readonly what: 'typing'; readonly conv: string; readonly on: boolean }
  | { readonly what: 'patch'; readonly conv: string; readonly patch: Patch }
  | { readonly what: 'shape'; readonly shape: ConversationShape }
  | { readonly what: 'forget'; readonly conv: string }
  | { readonly what: 'reconnect' }
  | { readonly what: 'marks'; readonly conv: string; readonly delivered: number; readonly seen: number }
  | { readonly what: 'watch'; readonly tab: string; readonly uid: string; readonly on: boolean };
