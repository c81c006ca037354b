import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { groupConv } from '../../schemas/event.ts';
import type { Bus } from '../../store/bus.ts';
import type { Directory, OutboxEvent } from '../../store/directory.ts';
import type { Appended } from '../../store/timeline.ts';
import type { Committer } from '../../worker/committer.ts';
import { faultsOnly } from '../faults.ts';

const replayMs = 2000;
const batch = 100;
const yieldEvery = 1000;

type Told = 'added' | 'removed' | 'dissolved';

/** The body of an event of type `group` or `member`. */
export interface GroupEventBody {
  readonly action: string;
  readonly uids?: readonly string[];
  readonly by?: string;
  readonly [member: string]: unknown;
}

/** An event that a change of a group owes; its id is random, so that no member can have taken it before. */
export function groupEvent(
  type: 'group' | 'member',
  from: string,
  body: GroupEventBody,
): Omit<OutboxEvent, 'gid' | 'change'> {
  const id = `s-${randomBytes(12).toString('hex')}`;
  return { id, from, raw: JSON.stringify({ id, type, body }) };
}

export interface GroupEventsOptions {
  readonly directory: Directory;
  readonly committer: Pick<Committer, 'submit'>;
  readonly bus: Pick<Bus, 'publish' | 'flushed'>;
  /** Told of what went wrong while nobody asked. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Pays what groups owe their timelines. A change and its event are in two stores: the change writes the event beside itself
 * (outbox), and from there it is stored, in the order of the changes, again and again until it is known to be; its id
 * makes the repeat harmless. Then those whom it concerns are told.
 */
export class GroupEvents {
  readonly #directory: Directory;
  readonly #committer: Pick<Committer, 'submit'>;
  readonly #bus: Pick<Bus, 'publish' | 'flushed'>;
  readonly #report: (error: unknown) => void;
  readonly #paying = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #replaying: Promise<void> | undefined;

  constructor({ directory, committer, bus, onError = () => undefined }: GroupEventsOptions) {
    this.#directory = directory;
    this.#committer = committer;
    this.#bus = bus;
    this.#report = faultsOnly(onError);
  }

  /** Pays what is owed from before, now and every two seconds. */
  start(): void {
    this.#timer ??= setInterval(() => this.#replay(), replayMs).unref();
    this.#replay();
  }

  /** Ends after what is in hand. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#replaying;
    await Promise.all(this.#paying.values());
  }

  /**
   * After a change: resolves when all that the group owes is stored and told. What cannot be stored now stays owed, and
   * the change holds all the same.
   */
  async settle(gid: string): Promise<void> {
    this.#bus.publish({ type: 'stale', group: gid });
    await this.pay(gid).catch(this.#report);
  }

  /** Pays all that one group owes, in order; one payer a group at a time. */
  pay(gid: string): Promise<void> {
    const before = this.#paying.get(gid) ?? Promise.resolve();
    const paying = before
      .catch(() => undefined)
      .then(() => this.#pay(gid))
      .finally(() => {
        if (this.#paying.get(gid) === paying) this.#paying.delete(gid);
      });
    this.#paying.set(gid, paying);
    return paying;
  }

  async #pay(gid: string): Promise<void> {
    for (;;) {
      const owed = await this.#directory.owed(gid, batch);
      for (const event of owed) {
        const { from, id, raw } = event;
        const { body } = JSON.parse(raw) as { body: GroupEventBody };
        await this.#announce(gid, id, body);
        const place = await this.#committer.submit({
          conv: groupConv(gid),
          from,
          id,
          counts: false,
          raw: Buffer.from(raw),
        });
        await this.#tell(event, body, place);
        await this.#directory.forget(gid, event.change);
      }
      if (owed.length < batch) return;
    }
  }

  /** Whom a departure is about hears of it, and of nothing behind it. */
  async #announce(gid: string, id: string, { action, uids }: GroupEventBody): Promise<void> {
    if (action !== 'removed' && action !== 'left') return;
    this.#bus.publish({ type: 'parting', gid, id, uids: uids ?? [] });
    // The event itself must not overtake it.
    await this.#bus.flushed();
  }

  async #tell({ gid, change, from }: OutboxEvent, body: GroupEventBody, place: Appended): Promise<void> {
    const uids = body.uids ?? [];
    switch (body.action) {
      case 'created':
      case 'added':
      case 'joined':
        await this.#directory.settle(gid, change, place);
        this.#bus.publish({ type: 'stale', group: gid });
        await this.#each(uids, (uid) => {
          this.#bus.publish({ type: 'membership', gid, uid, since: place.seq });
          if (uid !== from) this.#notice(uid, gid, 'added');
        });
        return;
      case 'updated':
        if (body.history === 'all') {
          await this.#directory.openHistory(gid);
          this.#bus.publish({ type: 'stale', group: gid });
          this.#bus.publish({ type: 'opened', gid });
        }
        return;
      case 'removed':
      case 'left':
        this.#bus.publish({ type: 'stale', group: gid });
        await this.#each(uids, (uid) => this.#part(uid, gid, 'removed'));
        return;
      case 'dissolved':
        this.#bus.publish({ type: 'stale', group: gid });
        for (;;) {
          const parted = await this.#directory.finishDissolve(gid, batch * 5);
          await this.#each(parted, (uid) => this.#part(uid, gid, 'dissolved'));
          if (parted.length === 0) return;
        }
    }
  }

  #part(uid: string, gid: string, action: Told): void {
    this.#bus.publish({ type: 'membership', gid, uid });
    this.#notice(uid, gid, action);
  }

  #notice(uid: string, gid: string, action: Told): void {
    this.#bus.publish({ type: 'notice', uid, notice: { type: 'group', gid, action } });
  }

  async #each(uids: readonly string[], work: (uid: string) => void): Promise<void> {
    for (const [i, uid] of uids.entries()) {
      if (i % yieldEvery === yieldEvery - 1) await setImmediate();
      work(uid);
    }
  }

  #replay(): void {
    this.#replaying ??= (async () => {
      try {
        for (const gid of await this.#directory.owingGroups(batch)) await this.pay(gid).catch(this.#report);
      } catch (error) {
        this.#report(error);
      } finally {
        this.#replaying = undefined;
      }
    })();
  }
}
