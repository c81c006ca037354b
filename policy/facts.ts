import { LRUCache } from 'lru-cache';
import type { Bus } from '../store/bus.ts';
import type { DirectFacts, GroupFacts, UserFacts } from '../store/directory.ts';

/** Where facts come from when they are not cached. */
export interface FactsSource {
  directFacts(from: string, to: string): Promise<DirectFacts>;
  groupFacts(gid: string, uid: string): Promise<GroupFacts>;
  userFacts(uid: string): Promise<UserFacts>;
}

/** Facts that hold until `stale` is set by a change. */
export interface Held<F> {
  readonly facts: F;
  stale: boolean;
  /** Checked again after this time even if no change was heard of, ms. */
  readonly until: number;
}

type Facts = DirectFacts | GroupFacts | UserFacts;

const maxEntries = 100_000;
const maxAgeMs = 60_000;
/** Changes without end keep nobody waiting. */
const maxReads = 4;

/**
 * The facts that sends are decided on, cached. A change made anywhere is told over the bus and ends what is cached of its
 * user or group at once; the age limit only bounds the harm of a lost message.
 */
export class FactsCache {
  readonly #source: FactsSource;
  readonly #now: () => number;
  readonly #held = new LRUCache<string, Held<Facts>>({
    max: maxEntries,
    dispose: (held, key) => {
      held.stale = true;
      for (const index of this.#indexesOf(key)) this.#unindex(index, key);
    },
  });
  /** `u:{uid}` or `g:{gid}` → the keys of what is cached about it. */
  readonly #index = new Map<string, Set<string>>();
  /** What is read now, and whether it changed meanwhile: then it is read again, and what was read before is not kept. */
  readonly #reading = new Set<{ readonly indexes: readonly string[]; changed: boolean }>();
  readonly #leave: readonly (() => void)[];

  constructor(source: FactsSource, bus: Bus, now: () => number) {
    this.#source = source;
    this.#now = now;
    this.#leave = [
      bus.subscribe((message) => {
        if (message.type === 'stale') this.#forget(message.user, message.group);
        else if (message.type === 'membership') this.#forget(undefined, message.gid);
      }),
      bus.onLoss(() => this.#forgetAll()),
    ];
  }

  async direct(from: string, to: string): Promise<Held<DirectFacts>> {
    return this.#hold(`u:${from}:${to}`, () => this.#source.directFacts(from, to));
  }

  async group(gid: string, uid: string): Promise<Held<GroupFacts>> {
    return this.#hold(`g:${gid}:${uid}`, () => this.#source.groupFacts(gid, uid));
  }

  async user(uid: string): Promise<Held<UserFacts>> {
    return this.#hold(`s:${uid}`, () => this.#source.userFacts(uid));
  }

  /** Whether held facts may still be used. */
  fresh(held: Held<unknown>): boolean {
    return !held.stale && held.until > this.#now();
  }

  async #hold<F extends Facts>(key: string, read: () => Promise<F>): Promise<Held<F>> {
    const known = this.#held.get(key) as Held<F> | undefined;
    if (known !== undefined && this.fresh(known)) return known;
    const indexes = this.#indexesOf(key);
    const reading = { indexes, changed: true };
    this.#reading.add(reading);
    let facts!: F;
    try {
      for (let reads = 0; reading.changed && reads < maxReads; reads++) {
        reading.changed = false;
        facts = await read();
      }
    } finally {
      this.#reading.delete(reading);
    }
    const held: Held<F> = { facts, stale: reading.changed, until: this.#now() + maxAgeMs };
    if (held.stale) return held;
    this.#held.set(key, held);
    for (const index of indexes) {
      const keys = this.#index.get(index);
      if (keys === undefined) this.#index.set(index, new Set([key]));
      else keys.add(key);
    }
    return held;
  }

  #indexesOf(key: string): string[] {
    const [kind, first, second] = key.split(':') as [string, string, string];
    if (kind === 's') return [`u:${first}`];
    return kind === 'u' ? [`u:${first}`, `u:${second}`] : [`g:${first}`, `u:${second}`];
  }

  #unindex(index: string, key: string): void {
    const keys = this.#index.get(index);
    if (keys === undefined) return;
    keys.delete(key);
    if (keys.size === 0) this.#index.delete(index);
  }

  #forget(user: string | undefined, group: string | undefined): void {
    const indexes = [
      ...(user === undefined ? [] : [`u:${user}`]),
      ...(group === undefined ? [] : [`g:${group}`]),
    ];
    for (const index of indexes) {
      for (const reading of this.#reading) if (reading.indexes.includes(index)) reading.changed = true;
      for (const key of [...(this.#index.get(index) ?? [])]) this.#held.delete(key);
    }
  }

  #forgetAll(): void {
    for (const reading of this.#reading) reading.changed = true;
    this.#held.clear();
  }

  close(): void {
    for (const leave of this.#leave) leave();
    this.#held.clear();
  }
}
