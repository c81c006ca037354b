import type { OutboxEntry, Place } from '../outbox/entry.ts';
import type { Tabs } from '../tabs.ts';
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

/** The news of one user's clients, among all that tabs tell each other. */
export class Channel {
  readonly #tabs: Pick<Tabs, 'post'>;
  readonly #me: string;
  readonly #end: () => void;

  constructor(tabs: Pick<Tabs, 'post' | 'onMessage'>, me: string, onNews: (news: News) => void) {
    this.#tabs = tabs;
    this.#me = me;
    this.#end = tabs.onMessage((message) => {
      const { model, news } = (message ?? {}) as { model?: unknown; news?: News };
      if (model === me && news !== undefined) onNews(news);
    });
  }

  post(news: News): void {
    this.#tabs.post({ model: this.#me, news });
  }

  close(): void {
    this.#end();
  }
}
