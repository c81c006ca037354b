import type { Bus } from '../../store/bus.ts';
import type { Directory } from '../../store/directory.ts';

const refreshMs = 10_000;
/** There may be very many banned users; all of them are read this seldom. */
const refreshBansMs = 60_000;
const pruneMs = 3600_000;
/** How far clocks of nodes may differ. */
const skewMs = 60_000;
/** What was said this moment is being told over the bus, after the answer to who asked for it. */
const settleMs = 2000;

/** Who was found out to have lost the way in since the last look. */
export interface Ended {
  readonly sids: ReadonlySet<string>;
  readonly banned: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Who may not come in although their token is good: revoked sign-ins whose access tokens have not ended, banned users, and
 * users removed since this process began (of those before it, the directory tells when their tokens name them). The lists
 * are held in memory, so that a storm of CONNECTs asks the directory nothing. They are brought up to date by bus messages
 * about a user, every ten seconds (bans every minute), and at once where messages may have been lost; whoever ends
 * connections hears what was new.
 */
export class Revocations {
  readonly #directory: Directory;
  readonly #accessTtlMs: number;
  readonly #clock: () => number;
  readonly #revoked = new Map<string, number>();
  readonly #banned = new Map<string, number>();
  /** Whose bans may have changed. */
  readonly #touched = new Set<string>();
  #bansReadAt = 0;
  readonly #removed = new Set<string>();
  /** Who was removed before then is known, ms. */
  #removedUntil: number;
  #refreshing: Promise<void> | undefined;
  #again = false;
  #prunedAt: number;
  readonly #timer: NodeJS.Timeout;
  readonly #ends: (() => void)[];
  /** Revoked sign-ins that were told of; undefined before the first look. */
  #told: Set<string> | undefined;
  #onEnded: ((ended: Ended) => void) | undefined;

  private constructor(directory: Directory, bus: Bus, accessTtl: number, clock: () => number) {
    this.#directory = directory;
    this.#accessTtlMs = accessTtl * 1000;
    this.#clock = clock;
    this.#prunedAt = clock();
    this.#removedUntil = this.#prunedAt;
    this.#ends = [
      bus.subscribe((message) => {
        if (message.type === 'end') this.#touch(message.uid);
        else if (message.type === 'stale' && isPlainUser(message.user)) this.#touch(message.user);
      }),
      bus.onLoss(() => {
        this.#bansReadAt = 0;
        this.#touch();
      }),
    ];
    this.#timer = setInterval(() => this.#touch(), refreshMs);
    this.#timer.unref();
  }

  static async open(options: {
    readonly directory: Directory;
    readonly bus: Bus;
    /** Seconds. */
    readonly accessTtl: number;
    readonly clock: () => number;
  }): Promise<Revocations> {
    const { directory, bus, accessTtl, clock } = options;
    const revocations = new Revocations(directory, bus, accessTtl, clock);
    await revocations.#refresh();
    return revocations;
  }

  /** For the node that revokes: it holds at once. */
  revoke(sids: readonly string[]): void {
    for (const sid of sids) this.#revoked.set(sid, this.#clock());
  }

  /** For the node that removes a user: it holds at once. */
  remove(uid: string): void {
    this.#removed.add(uid);
  }

  /** Resolves when what the bus told of is known here. */
  async settled(): Promise<void> {
    await this.#refreshing;
  }

  /** For a node with connections: those that a lost message should have ended. */
  onEnded(handler: (ended: Ended) => void): void {
    this.#onEnded = handler;
  }

  isRevoked(sid: string): boolean {
    return this.#revoked.has(sid);
  }

  isBanned(uid: string): boolean {
    const until = this.#banned.get(uid);
    return until !== undefined && until > this.#clock();
  }

  isRemoved(uid: string): boolean {
    return this.#removed.has(uid);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const end of this.#ends) end();
  }

  #touch(uid?: string): void {
    if (uid !== undefined) this.#touched.add(uid);
    if (this.#refreshing !== undefined) {
      this.#again = true;
      return;
    }
    this.#refreshing = (async () => {
      do {
        this.#again = false;
        // A directory that is away leaves the lists as they are: nobody loses the way in by that.
        // What was not read is read with the next, and all bans too.
        await this.#refresh()
          .then(() => this.#prune())
          .catch(() => {
            this.#bansReadAt = 0;
          });
      } while (this.#again);
      this.#refreshing = undefined;
    })();
  }

  /** Once an hour: sign-ins whose refresh and access tokens have all ended are of no use to anyone. */
  async #prune(): Promise<void> {
    const now = this.#clock();
    if (now - this.#prunedAt < pruneMs) return;
    this.#prunedAt = now;
    while ((await this.#directory.pruneFamilies(now - this.#accessTtlMs - skewMs)) > 0);
  }

  async #refresh(): Promise<void> {
    const now = this.#clock();
    const oldest = now - this.#accessTtlMs - skewMs;
    const touched = [...this.#touched];
    this.#touched.clear();
    const all = now - this.#bansReadAt >= refreshBansMs;
    const [revoked, banned, removed] = await Promise.all([
      this.#directory.revokedFamilies(oldest),
      this.#directory.banned(now, all ? undefined : touched),
      this.#directory.removedUsers(this.#removedUntil - skewMs),
    ]);
    const gone = removed.filter((uid) => !this.#removed.has(uid));
    const out = banned.filter(({ uid }) => !this.#banned.has(uid)).map(({ uid }) => uid);
    for (const uid of removed) this.#removed.add(uid);
    this.#removedUntil = now;
    for (const [sid, at] of this.#revoked) if (at < oldest) this.#revoked.delete(sid);
    for (const { sid, at } of revoked) this.#revoked.set(sid, at);
    if (all) {
      this.#banned.clear();
      this.#bansReadAt = now;
    } else for (const uid of touched) this.#banned.delete(uid);
    for (const { uid, until } of banned) this.#banned.set(uid, until);
    const sids = this.#newlyRevoked(now);
    if (sids.size + out.length + gone.length > 0) this.#onEnded?.({ sids, banned: out, removed: gone });
  }

  #newlyRevoked(now: number): Set<string> {
    const told = this.#told ?? new Set(this.#revoked.keys());
    this.#told = told;
    for (const sid of told) if (!this.#revoked.has(sid)) told.delete(sid);
    const found = new Set<string>();
    for (const [sid, at] of this.#revoked) {
      if (told.has(sid) || at > now - settleMs) continue;
      told.add(sid);
      found.add(sid);
    }
    return found;
  }
}

/** `stale` also names pairs (`a>b`), which say nothing about who may come in. */
const isPlainUser = (user: string | undefined): user is string => user !== undefined && !user.includes('>');
