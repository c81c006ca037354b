import type { Storage } from '../storage.ts';
import type { Tabs } from '../tabs.ts';
import type { Event } from './event.ts';
import type { Request } from './request.ts';

/** Where the events that are kept of a conversation begin: from there to the record's `to` there is no hole. */
export interface Kept {
  readonly from: number;
  /** There is nothing before it that the user may see. */
  readonly isStart: boolean;
}

/** Events of one conversation in seq order, ending with the one before what was asked for. */
export interface Page {
  readonly events: readonly Event[];
  readonly hasOlder: boolean;
}

/** What is kept of a conversation is kept for one user: the next one on this device begins with nothing. */
export const keptKey = (me: string, conv: string) => ['kept', me, conv] as const;
export const recordKey = (me: string, conv: string) => [me, conv] as const;
export const eventKey = ({ conv, seq }: Pick<Event, 'conv' | 'seq'>) => [conv, seq] as const;

export interface PagesOptions {
  readonly me: string;
  readonly storage: Pick<Storage, 'get' | 'range' | 'write'>;
  readonly tabs: Pick<Tabs, 'exclusively'>;
  readonly request: Request;
}

/** Reads older events: from what is kept, else from the server, and keeps those. Every tab does that for itself. */
export class Pages {
  readonly #options: PagesOptions;

  constructor(options: PagesOptions) {
    this.#options = options;
  }

  /** Up to so many events before that seq. Rejects with ClientError where the server has to be asked and is not there. */
  async before(conv: string, seq: number, limit: number): Promise<Page> {
    const kept = await this.#kept(conv, seq, limit).catch(() => undefined);
    return kept ?? this.#options.tabs.exclusively(`history ${conv}`, () => this.#fetch(conv, seq, limit));
  }

  /** The page from what is kept; undefined where that has not got it. */
  async #kept(conv: string, seq: number, limit: number): Promise<Page | undefined> {
    const { storage, me } = this.#options;
    const kept = await storage.get<Kept>('meta', keptKey(me, conv));
    if (kept === undefined || seq < kept.from) return undefined;
    if (seq === kept.from) return kept.isStart ? { events: [], hasOlder: false } : undefined;
    const from = Math.max(kept.from, seq - limit);
    const events = await storage.range<Event>('events', { from: [conv, from], to: [conv, seq - 1] });
    // What another tab is taking away just now may leave holes.
    if (events.length !== seq - from || events[0]?.seq !== from) return undefined;
    return { events, hasOlder: from > kept.from || !kept.isStart };
  }

  async #fetch(conv: string, seq: number, limit: number): Promise<Page> {
    const { request } = this.#options;
    // Somebody else may have had the same wish.
    const there = await this.#kept(conv, seq, limit).catch(() => undefined);
    if (there !== undefined) return there;
    const page = await request('history', { conv, before: seq, limit, raw: true });
    const events = page.events as unknown as readonly Event[];
    // What cannot be kept is asked for again the next time.
    await this.#keep(conv, seq, { events, hasOlder: page.more }).catch(() => {});
    return { events, hasOlder: page.more };
  }

  /** Keeps a page of the server where it joins what is kept. */
  async #keep(conv: string, seq: number, { events, hasOlder }: Page): Promise<void> {
    const { storage, me } = this.#options;
    const kept = await storage.get<Kept>('meta', keptKey(me, conv));
    const isNext = events.length === 0 || events.at(-1)!.seq === seq - 1;
    if (kept?.from !== seq || !isNext) return;
    const value: Kept = { from: events[0]?.seq ?? seq, isStart: !hasOlder };
    await storage.write([
      ...events.map((event) => ({ table: 'events' as const, key: eventKey(event), value: event })),
      { table: 'meta', key: keptKey(me, conv), value },
    ]);
  }
}
