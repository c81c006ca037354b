import type { Bus, End } from '../store/bus.ts';
import type { Online, OnlineConnection } from '../store/online.ts';

export interface EndingsOptions {
  readonly online: Pick<Online, 'of'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly now: () => number;
  /** Between two looks, ms. */
  readonly everyMs?: number;
}

const everyDefaultMs = 2000;
/** Who could not be ended by then is on a node that hears nothing; its lease runs out. */
const maxLooks = 15;

/**
 * Ends connections of which nothing is written down: they are told of until they have ended, those that were there when it
 * was said and no newer ones. What this process could not bring to an end is forgotten with it.
 */
export class Endings {
  readonly #options: EndingsOptions;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: EndingsOptions) {
    this.#options = options;
  }

  async end(end: End): Promise<void> {
    const { bus, now } = this.#options;
    const before = await this.#meant(end);
    bus.publish(end);
    if (before?.length === 0) return;
    const ids = before && new Set(before.map(idOf));
    const at = now();
    this.#later(end, ids === undefined ? ({ since }) => since <= at : (one) => ids.has(idOf(one)), 1);
  }

  /** Undefined where it cannot be known now. */
  async #meant({ uid, did }: End): Promise<OnlineConnection[] | undefined> {
    try {
      const found = await this.#options.online.of(uid);
      return found.filter((one) => did === undefined || one.did === did);
    } catch {
      return undefined;
    }
  }

  #later(end: End, isMeant: (one: OnlineConnection) => boolean, look: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#look(end, isMeant, look);
    }, this.#options.everyMs ?? everyDefaultMs).unref();
    this.#timers.add(timer);
  }

  async #look(end: End, isMeant: (one: OnlineConnection) => boolean, look: number): Promise<void> {
    const left = (await this.#meant(end))?.filter(isMeant);
    if (left?.length === 0) return;
    if (left !== undefined)
      this.#options.bus.publish({ ...end, until: Math.max(...left.map(({ since }) => since)) });
    if (look < maxLooks) this.#later(end, isMeant, look + 1);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}

const idOf = ({ node, clientId, since }: OnlineConnection): string => `${node} ${since} ${clientId}`;
