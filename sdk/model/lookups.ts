import type { Signal } from '../signal.ts';
import type { Message, Status } from '../types.ts';
import type { News } from './news.ts';
import type { Pages } from './pages.ts';
import type { ConversationRecord } from './record.ts';
import type { Request } from './request.ts';
import { Timeline } from './timeline.ts';
import type { ConversationView } from './view.ts';

const pageSize = 50;
/** Behind so many changes nobody looks for the message that they change. */
const maxPages = 4;

export interface LookupsOptions {
  readonly me: string;
  readonly status: Signal<Status>;
  readonly request: Request;
  readonly record: (conv: string) => ConversationRecord | undefined;
  readonly before: Pages['before'];
  readonly tell: (news: News) => void;
  readonly onError: (error: unknown) => void;
}

/** What has to be asked for because nobody told of it. */
export class Lookups {
  readonly #options: LookupsOptions;

  constructor(options: LookupsOptions) {
    this.#options = options;
  }

  /** The newest message of a conversation whose newest event is a change. */
  async findLast(conv: string): Promise<void> {
    const { record: of, tell, onError } = this.#options;
    try {
      for (;;) {
        const before = of(conv);
        const last = await this.#last(before);
        const record = of(conv);
        if (last === undefined || record === undefined || record.last !== undefined) return;
        // What came meanwhile may have changed it.
        if (record.to === before?.to) return void tell({ what: 'patch', conv, patch: { last } });
      }
    } catch (error) {
      onError(error);
    }
  }

  async #last(record: ConversationRecord | undefined): Promise<Message | undefined> {
    if (record === undefined || record.to === 0) return undefined;
    const { me, before } = this.#options;
    const timeline = new Timeline(me, { delivered: record.delivered, read: record.seen });
    for (let i = 0; i < maxPages && timeline.size === 0; i++) {
      const page = await before(record.conv, timeline.from ?? record.to + 1, pageSize);
      if (!timeline.prepend(page.events, page.hasOlder) || !page.hasOlder) break;
    }
    return timeline.newest;
  }

  /** Notices of who has one's newest message are not kept for who was away. */
  async askReceipts(view: ConversationView): Promise<void> {
    const { me, status, request, tell, onError } = this.#options;
    const own = view.timeline?.newestOf(me);
    if (own?.seq === undefined || own.state === 'read' || status.value !== 'online') return;
    try {
      const { conv } = view;
      const { counts } = await request('receipts', { conv, seq: own.seq, limit: 1 });
      const [delivered, seen] = [counts.delivered > 0 ? own.seq : 0, counts.read > 0 ? own.seq : 0];
      tell({ what: 'marks', conv, delivered, seen });
    } catch (error) {
      onError(error);
    }
  }
}
