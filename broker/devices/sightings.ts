import { anonymousUid } from '../../schemas/identity.ts';
import type { Bus } from '../../store/bus.ts';
import type { DirectoryDevices, SeenDevice } from '../../store/directory.ts';
import { assignedPrefix } from '../connect/checks.ts';
import type { Session } from '../hub/session.ts';

export interface SightingsOptions {
  readonly directory: Pick<DirectoryDevices, 'seeDevices' | 'removeDevice'>;
  readonly bus: Bus;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** Who a device is: of a session, or of what is known of a connection elsewhere. */
export type Seen = Pick<Session, 'did' | 'clientId' | 'platform'> & {
  readonly user: { readonly uid: string };
};

const flushMs = 1000;
/** While the directory is away no more than this is remembered. */
const maxPending = 100_000;

/**
 * Which devices came and went, written to the directory together once a second: a CONNECT never waits for it. A crash
 * costs the last second. Times are whole seconds, so that those of one second are one statement.
 */
export class Sightings {
  readonly #options: SightingsOptions;
  readonly #timer: NodeJS.Timeout;
  #pending = new Map<string, SeenDevice>();
  #flushing: Promise<void> = Promise.resolve();
  #failing = false;
  /** Devices that were made since the flush before the last one. */
  #made = new Set<string>();
  readonly #leaveBus: () => void;

  constructor(options: SightingsOptions) {
    this.#options = options;
    this.#leaveBus = options.bus.subscribe((message) => {
      if (message.type === 'end' && message.forget === true && message.did !== undefined)
        this.#removed(message.uid, message.did);
    });
    this.#timer = setInterval(() => void this.flush(), flushMs);
    this.#timer.unref();
  }

  came(session: Seen): void {
    this.#see(session, false);
  }

  /** It is not recorded by that: a device that was removed stays so. */
  left(session: Seen): void {
    this.#see(session, true);
  }

  #see({ did, clientId, platform, user: { uid } }: Seen, left: boolean): void {
    // A name that the server made is another one each time.
    if (uid === anonymousUid || (did === clientId && did.startsWith(assignedPrefix))) return;
    const key = `${uid}/${did}`;
    const before = this.#pending.get(key);
    if (before === undefined && this.#pending.size >= maxPending) return;
    const lastSeen = Math.floor(this.#options.now() / 1000) * 1000;
    this.#pending.set(key, {
      ...before,
      ...{ uid, did, lastSeen, left: left && before?.left !== false },
      ...(platform !== undefined && { platform }),
    });
  }

  /** Another node removed the device, which may have been seen here for the first time just then: it stays removed. */
  #removed(uid: string, did: string): void {
    const key = `${uid}/${did}`;
    this.#pending.delete(key);
    this.#flushing = this.#flushing.then(async () => {
      if (!this.#made.delete(key)) return;
      await this.#options.directory.removeDevice(uid, did).catch(this.#options.onError);
    });
  }

  /** Writes what is not written yet; never rejects. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#flush());
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    const pending = this.#pending;
    if (pending.size === 0) {
      this.#made.clear();
      return;
    }
    this.#pending = new Map();
    try {
      const made = await this.#options.directory.seeDevices([...pending.values()]);
      this.#made = new Set(made.map(({ uid, did }) => `${uid}/${did}`));
      for (const one of made) this.#tell(one);
      this.#failing = false;
    } catch (error) {
      // Told once for every time that it begins; tried again with the next flush.
      if (!this.#failing) this.#options.onError(error);
      this.#failing = true;
      for (const [key, seen] of this.#pending) {
        const before = pending.get(key);
        pending.set(key, { ...before, ...seen, left: seen.left === true && before?.left !== false });
      }
      this.#pending = pending;
    }
  }

  #tell({ uid, did, platform }: SeenDevice): void {
    this.#options.bus.publish({
      type: 'notice',
      uid,
      notice: { type: 'device', action: 'signed-in', did, ...(platform !== undefined && { platform }) },
      except: did,
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#leaveBus();
    await this.flush();
  }
}
