import type { StoredEvent } from '../../../schemas/event.ts';
import { isChange, isMessage } from '../../../schemas/messages.ts';
import { ClientError } from '../../../sdk/errors.ts';
import type { Event } from '../../../sdk/model/event.ts';
import type { Request } from '../../../sdk/model/request.ts';
import { foldEvents } from '../../schemas/fold-events.ts';

export const me = 'alice';

/** What an operation is asked for. */
interface Asked {
  readonly conv?: string;
  readonly before?: number;
  readonly after?: number;
  readonly limit?: number;
  readonly hidden?: boolean;
  readonly draft?: string;
  readonly cursors?: Readonly<Record<string, number>>;
}

/** The timelines of a server in memory, and the operations that read them. */
export class ModelServer {
  readonly log = new Map<string, Event[]>();
  /** How often each operation was asked for. */
  readonly asked: string[] = [];
  readonly #drafts = new Map<string, string | undefined>();
  /** So many requests fail from now on. */
  failures = 0;

  /** Stores an event; answers it as it goes out to those who are connected. */
  say(conv: string, from: string, type: string, body: Readonly<Record<string, unknown>>): Event {
    const events = this.of(conv);
    const seq = events.length + 1;
    const n = (events.at(-1)?.n ?? 0) + (isMessage(type) ? 1 : 0);
    const event: Event = { conv, seq, n, ts: 1000 + seq, from, id: `${from}-${seq}`, type, body };
    if (type === 'recall') this.#strip(conv, (one) => one.seq === body.target || isEditOf(one, body.target));
    if (type === 'system') this.#strip(conv, ({ from: by }) => by === body.uid);
    events.push(event);
    return event;
  }

  of(conv: string): Event[] {
    const events = this.log.get(conv) ?? [];
    this.log.set(conv, events);
    return events;
  }

  #strip(conv: string, isMeant: (event: Event) => boolean): void {
    const events = this.of(conv);
    for (const [i, event] of events.entries()) {
      const { seq, n, ts, from, id, type, body } = event;
      if (!isMeant(event) || (isChange(type) && type !== 'edit') || !(isMessage(type) || type === 'edit'))
        continue;
      const kept = type === 'edit' ? { body: { target: body?.target } } : {};
      events[i] = { conv, seq, n, ts, from, id, type, ...kept, recalled: true };
    }
  }

  /** What history shows of all there is, changes left out. */
  truth(conv: string) {
    const stored = this.of(conv).map(
      ({ conv: id, seq, n, ts, from, ...own }): StoredEvent => ({
        ...{ conv: id, seq, n, ts, from },
        raw: Buffer.from(JSON.stringify(own)),
      }),
    );
    const changes = stored.filter((_, i) => isChange(this.of(conv)[i]!.type));
    return foldEvents(stored, changes).filter(({ type }) => !isChange(type));
  }

  readonly request: Request = async (name, input) => {
    this.asked.push(name);
    await Promise.resolve();
    if (this.failures > 0) {
      this.failures--;
      throw new ClientError('client.offline', 'Not now.', { retryable: true });
    }
    return this.#answer(name, input as Asked) as never;
  };

  #answer(name: string, asked: Asked): unknown {
    const { conv = '', limit = 50 } = asked;
    switch (name) {
      case 'conversations.list':
        return { items: asked.hidden ? [] : this.#conversations.map((id) => this.#shape(id)) };
      case 'conversations.update':
        this.#drafts.set(conv, asked.draft);
        return this.#shape(conv);
      case 'conversations.get':
        return this.#shape(conv);
      case 'history': {
        const { before = Number.POSITIVE_INFINITY, after } = asked;
        const found = this.of(conv).filter(({ seq }) => seq < before && seq > (after ?? 0));
        const events = after === undefined ? found.slice(-limit) : found.slice(0, limit);
        return { events, more: events.length < found.length };
      }
      case 'sync': {
        const ahead = [...this.log].flatMap(([id, events]) => {
          const found = events.filter(({ seq }) => seq > (asked.cursors?.[id] ?? 0));
          const page = found.slice(0, limit);
          return found.length === 0 ? [] : [{ conv: id, events: page, more: page.length < found.length }];
        });
        return { conversations: ahead, more: ahead.some(({ more }) => more) };
      }
      case 'receipts':
        return { delivered: [], read: [], counts: { members: 1, delivered: 0, read: 0 } };
      default:
        throw new Error(`${name} is not one of this server's.`);
    }
  }

  get #conversations(): string[] {
    return [...this.log].flatMap(([conv, events]) => (events.length > 0 ? [conv] : []));
  }

  #shape(conv: string): object {
    const head = this.of(conv).at(-1) ?? null;
    const [, a = '', b = ''] = conv.split(':');
    const part = conv.startsWith('g:')
      ? { kind: 'group', gid: a }
      : { kind: 'direct', uid: a === me ? b : a };
    const mentions = this.of(conv).filter((event) => event.mentions?.includes(me)).length;
    return {
      ...{ conv, ...part, head, unread: head?.n ?? 0, mentions, read: 0 },
      ...{ pinned: false, muted: false, hidden: false, markedUnread: false, draft: this.#drafts.get(conv) },
    };
  }
}

const isEditOf = ({ type, body }: Event, target: unknown): boolean =>
  type === 'edit' && body?.target === target;
