import type { ConversationRecord, ConversationShape, Patch } from './record.ts';
import type { Request } from './request.ts';
import type { Settings } from './view.ts';

export interface SettlerOptions {
  readonly request: Request;
  readonly record: (conv: string) => ConversationRecord | undefined;
  /** Shows it, before the server has answered or as it was. */
  readonly patch: (conv: string, patch: Patch) => void;
  readonly shape: (shape: ConversationShape) => void;
}

/** What a user keeps about a conversation: shown at once, told to the server one after the other, the newest of each alone. */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #underway = new Map<string, Promise<void>>();
  /** What waits behind what is under way. */
  readonly #next = new Map<string, { wish: Settings; readonly done: Promise<void> }>();

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /**
   * Rejects with ClientError where the server refused or could not be asked; then it shows as before. A draft is kept
   * until the server can be told.
   */
  update(conv: string, wish: Settings): Promise<void> {
    const before = this.#options.record(conv);
    this.#options.patch(conv, shown(wish));
    const waiting = this.#next.get(conv);
    if (waiting !== undefined) {
      waiting.wish = { ...waiting.wish, ...wish };
      return waiting.done;
    }
    const running = this.#underway.get(conv);
    if (running === undefined) return this.#send(conv, wish, before);
    const done = running
      .catch(() => {})
      .then(() => {
        const latest = this.#next.get(conv)?.wish ?? wish;
        this.#next.delete(conv);
        return this.#send(conv, latest, before);
      });
    this.#next.set(conv, { wish, done });
    return done;
  }

  /** Drafts that the server could not be told of. */
  retry(records: Iterable<ConversationRecord>): void {
    for (const { conv, isDraftOurs, draft } of records)
      if (isDraftOurs && !this.#underway.has(conv))
        this.update(conv, { draft: draft ?? null }).catch(() => {});
  }

  #send(conv: string, wish: Settings, before: ConversationRecord | undefined): Promise<void> {
    const { request, shape, patch } = this.#options;
    const done = request('conversations.update', { conv, ...wish })
      .then(
        (answer) => {
          if (this.#next.has(conv)) return;
          if (wish.draft !== undefined) patch(conv, { isDraftOurs: undefined });
          shape(answer);
        },
        (error: unknown) => {
          // A draft is not taken away from who wrote it: it is told later.
          const { draft, ...rest } = wish;
          if (before !== undefined) patch(conv, restored(before, rest));
          const isLater = (error as { retryable?: unknown }).retryable === true;
          if (draft !== undefined && !isLater) patch(conv, { isDraftOurs: undefined });
          if (draft === undefined || !isLater || Object.keys(rest).length > 0) throw error;
        },
      )
      .finally(() => {
        if (this.#underway.get(conv) === done) this.#underway.delete(conv);
      });
    this.#underway.set(conv, done);
    return done;
  }
}

function shown({ draft, ...rest }: Settings): Patch {
  return {
    ...rest,
    ...(rest.pinned !== undefined && { pinnedAt: rest.pinned ? Date.now() : undefined }),
    ...(rest.muted !== undefined && { mutedUntil: undefined }),
    ...(draft !== undefined && {
      draft: draft === null || draft === '' ? undefined : draft,
      isDraftOurs: true,
    }),
  };
}

function restored(before: ConversationRecord, wish: Settings): Patch {
  const { pinned, pinnedAt, muted, mutedUntil, hidden, markedUnread } = before;
  return {
    ...(wish.pinned !== undefined && { pinned, pinnedAt }),
    ...(wish.muted !== undefined && { muted, mutedUntil }),
    ...(wish.hidden !== undefined && { hidden }),
    ...(wish.markedUnread !== undefined && { markedUnread }),
  };
}
