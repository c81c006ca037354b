import type { Tabs } from '../tabs.ts';
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

/** The news of one user's outboxes, among all that tabs tell each other. */
export class NewsBoard {
  readonly #tabs: Pick<Tabs, 'post'>;
  readonly #uid: string;
  readonly #unsubscribe: () => void;

  constructor(tabs: Pick<Tabs, 'post' | 'onMessage'>, uid: string, onNews: (news: News) => void) {
    this.#tabs = tabs;
    this.#uid = uid;
    this.#unsubscribe = tabs.onMessage((message) => {
      const { outbox, news } = (message ?? {}) as { outbox?: unknown; news?: News };
      if (outbox === uid && news !== undefined) onNews(news);
    });
  }

  post(news: News): void {
    this.#tabs.post({ outbox: this.#uid, news });
  }

  close(): void {
    this.#unsubscribe();
  }
}
