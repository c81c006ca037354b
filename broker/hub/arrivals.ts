import { groupConv } from '../../schemas/event.ts';
import type { Timeline } from '../../store/timeline.ts';
import type { Session } from './session.ts';

/**
 * Sessions that became a group's. Behind the event of the joining more may be stored already, of which nothing live would
 * tell them: the group's head does, read once for all who came in one turn.
 */
export class Arrivals {
  readonly #timeline: Pick<Timeline, 'heads'>;
  readonly #failed: (error: unknown) => void;
  readonly #waiting = new Map<string, Session[]>();

  constructor(timeline: Pick<Timeline, 'heads'>, failed: (error: unknown) => void) {
    this.#timeline = timeline;
    this.#failed = failed;
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
      this.#tell(gid, arrived).catch(this.#failed);
    });
  }

  async #tell(gid: string, arrived: readonly Session[]): Promise<void> {
    const conv = groupConv(gid);
    const [head] = await this.#timeline.heads([conv]);
    if (head !== undefined) for (const session of arrived) session.ahead(conv, head.seq);
  }
}
