import { groupConv } from '../../schemas/event.ts';
import type { Timeline } from '../../store/timeline.ts';
import type { UserNode } from './audience.ts';
import type { Session } from './session.ts';

export interface ArrivalsOptions {
  readonly timeline: Pick<Timeline, 'heads'>;
  /** Resolves when what is published about the group comes here; undefined where it does. */
  readonly listening: (gid: string) => Promise<void> | undefined;
  /** These users may miss something. */
  readonly failed: (error: unknown, users: readonly UserNode[]) => void;
}

/**
 * Sessions that became a group's. Behind the event of the joining more may be stored already, of which nothing live would
 * tell them: the group's head does, read once for all who came in one turn.
 */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  readonly #waiting = new Map<string, Session[]>();

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  add(gid: string, session: Session): void {
    const waiting = this.#waiting.get(gid);
    if (waiting !== undefined) {
      waiting.push(session);
      return;
    }
    const arrived = [session];
    this.#waiting.set(gid, arrived);
    queueMicrotask(() => {
      this.#waiting.delete(gid);
      this.#tell(gid, arrived).catch((error: unknown) =>
        this.#options.failed(
          error,
          arrived.map(({ user }) => user),
        ),
      );
    });
  }

  async #tell(gid: string, arrived: readonly Session[]): Promise<void> {
    const { timeline, listening } = this.#options;
    await listening(gid);
    const conv = groupConv(gid);
    const [head] = await timeline.heads([conv]);
    if (head !== undefined) for (const session of arrived) session.ahead(conv, head.seq);
  }
}
