import { setTimeout } from 'node:timers/promises';
import { type ConvId, groupConv, type Head } from '../../schemas/event.ts';
import type { Timeline } from '../../store/timeline.ts';
import type { Audience, UserNode } from './audience.ts';

export interface ReplaysOptions {
  readonly audience: Audience;
  readonly timeline: Pick<Timeline, 'directs' | 'heads'>;
  readonly clearedOf?: ((uid: string) => Promise<readonly { conv: ConvId; seq: number }[]>) | undefined;
  readonly onError: (error: unknown) => void;
}

/** Users who are looked at together, how many of them at a time, and the pause behind them, ms. */
const usersAtOnce = 100;
const readersAtOnce = 8;
const pauseMs = 100;
const retryMs = 1000;

/**
 * After a loss of bus messages: reads the groups of connected users again, and compares what their sessions have been sent
 * with what is stored; what they missed is sent from where they are. All of it is spread over time, and tried until it works.
 */
export class Replays {
  readonly #options: ReplaysOptions;
  /** Who is to be looked at, the longest due first. */
  readonly #due = new Set<UserNode>();
  /** Who is looked at just now. */
  #current: readonly UserNode[] = [];
  readonly #closing = new AbortController();
  #isRunning = false;

  constructor(options: ReplaysOptions) {
    this.#options = options;
  }

  /** Those who are looked at just now are so again: what is lost from now on may be behind what was read. */
  add(users: Iterable<UserNode>): void {
    for (const user of users) this.#due.add(user);
    if (this.#isRunning || this.#due.size === 0) return;
    this.#isRunning = true;
    void this.#run().finally(() => {
      this.#isRunning = false;
    });
  }

  /** Whether sessions of the user may have missed what came before the event that they get next. */
  isUnsure(user: UserNode): boolean {
    return this.#isRunning && (this.#due.has(user) || this.#current.includes(user));
  }

  /** How many users are still to be looked at. */
  get due(): number {
    return this.#due.size;
  }

  close(): void {
    this.#due.clear();
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#due.size > 0 && !signal.aborted) {
      const users: UserNode[] = [];
      for (const user of this.#due) {
        if (users.length === usersAtOnce) break;
        this.#due.delete(user);
        users.push(user);
      }
      this.#current = users;
      let waitMs = pauseMs;
      try {
        for (const user of await this.#replay(users)) this.#due.add(user);
      } catch (error) {
        this.#options.onError(error);
        for (const user of users) this.#due.add(user);
        waitMs = retryMs;
      }
      this.#current = [];
      if (this.#due.size > 0) await setTimeout(waitMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Answers those who have sessions that are not open yet: what these resume with may have been read before the loss. */
  async #replay(users: readonly UserNode[]): Promise<UserNode[]> {
    const { audience, timeline } = this.#options;
    await each(users, async (user) => {
      // Who waits for it is told of its failure.
      await user.loaded.catch(() => {});
      if (audience.isHere(user)) await audience.refresh(user);
    });
    const gids = [...new Set(users.flatMap(({ groups }) => [...groups.keys()]))];
    const found = gids.length === 0 ? [] : await timeline.heads(gids.map(groupConv));
    const heads = new Map(gids.map((gid, i) => [gid, found[i]]));
    await each(users, (user) => this.#compare(user, heads));
    return users.filter(({ sessions }) => sessions.some(({ isOpen }) => !isOpen));
  }

  async #compare(user: UserNode, heads: ReadonlyMap<string, Head | undefined>): Promise<void> {
    if (user.sessions.length === 0) return;
    const { audience, timeline, clearedOf } = this.#options;
    const [directs, removed] = await Promise.all([timeline.directs(user.uid), clearedOf?.(user.uid) ?? []]);
    const cleared = new Map(removed.map(({ conv, seq }) => [conv, seq]));
    for (const session of user.sessions) {
      if (!session.isOpen) continue;
      for (const { conv, head } of directs)
        session.recover(conv, head, user.inboxTopic, undefined, cleared.get(conv));
      for (const gid of user.groups.keys()) {
        const [head, group, conv] = [heads.get(gid), audience.groups.get(gid), groupConv(gid)];
        // Groups that came meanwhile have their own comparison.
        if (head !== undefined && group !== undefined)
          session.recover(conv, head, group.topic, gid, cleared.get(conv));
      }
    }
  }
}

/** Runs the work for all of them, a few at a time. Rejects with the first failure. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const reader = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: readersAtOnce }, reader));
}
