import type { OutboxEntry, Place } from './entry.ts';

/** What the outboxes of one storage tell each other. */
export type News =
  /** To be sent by who leads, unless the one that tells it does. Also what one waits for when another begins to lead. */
  | { readonly what: 'written'; readonly entry: OutboxEntry; readonly isInHand: boolean }
  | { readonly what: 'retried' | 'failed' | 'discarded'; readonly entry: OutboxEntry }
  | { readonly what: 'stored'; readonly entry: OutboxEntry; readonly place: Place }
  /** Another one leads from now on. */
  | { readonly what: 'leading' }
  | { readonly what: 'cleared' };
