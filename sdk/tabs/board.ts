import type { Tabs } from '../tabs.ts';

/** What one part of a user's clients tells its like in the other tabs, among all that tabs tell each other. */
export class Board<News> {
  readonly #tabs: Pick<Tabs, 'post'>;
  readonly #part: string;
  readonly #uid: string;
  readonly #end: () => void;

  constructor(
    tabs: Pick<Tabs, 'post' | 'onMessage'>,
    part: string,
    uid: string,
    onNews: (news: News) => void,
  ) {
    this.#tabs = tabs;
    this.#part = part;
    this.#uid = uid;
    this.#end = tabs.onMessage((message) => {
      const { [part]: of, news } = (message ?? {}) as { readonly [part: string]: unknown; news?: News };
      if (of === uid && news !== undefined) onNews(news);
    });
  }

  post(news: News): void {
    this.#tabs.post({ [this.#part]: this.#uid, news });
  }

  close(): void {
    this.#end();
  }
}
