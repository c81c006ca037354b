import type { EntryChange, SessionChanges, SharedCustom } from '../../../store/shared-custom.ts';
import type { EntryKeeper, EntryOwner } from '../journal.ts';
import type { Copy, CustomMessage } from '../message.ts';
import { encodeBody, encodeCopy } from './codec.ts';

/** A session that this node owns. */
export interface Claim {
  readonly session: string;
  readonly token: string;
  /** The newest entry of the shared store that is known here. */
  last: number;
  /** Ids of entries that this node adds: below 0, and below all that are there. */
  lowest: number;
  /** What is still to be written, by entry. */
  changes: Map<number, EntryChange>;
  release: boolean;
  /** The numbers by which its entries are known. */
  readonly handles: Set<number>;
}

interface Held {
  readonly claim: Claim;
  readonly id: number;
}

const lazyMs = 20;
const retryMs = 250;

interface Batch {
  readonly written: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What is said of the entries of this node's sessions, on its way to the shared store: together for all sessions, one call at
 * a time. What cannot be written now is tried again until it can, or until the session is another node's.
 */
export class Ledger implements EntryKeeper {
  readonly #shared: SharedCustom;
  readonly #node: string;
  readonly #onFenced: (claim: Claim) => void;
  readonly #claims = new Map<string, Claim>();
  readonly #held = new Map<number, Held>();
  readonly #changed = new Set<Claim>();
  #lastHandle = 0;
  #places = 0;
  #next: Batch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  /** `onFenced` hears of a session that is not this node's any more. */
  constructor(shared: SharedCustom, node: string, now: () => number, onFenced: (claim: Claim) => void) {
    this.#shared = shared;
    this.#node = node;
    // Above the places that an earlier owner gave, as far as clocks agree.
    this.#places = now() * 1000;
    this.#onFenced = onFenced;
  }

  open(session: string, token: string, last: number, lowest: number, places: number): Claim {
    const claim = {
      session,
      token,
      last,
      lowest,
      changes: new Map(),
      release: false,
      handles: new Set<number>(),
    };
    this.#claims.set(session, claim);
    this.#places = Math.max(this.#places, places);
    return claim;
  }

  claimOf(session: string): Claim | undefined {
    return this.#claims.get(session);
  }

  /** The number by which subscribers know an entry. */
  handle(claim: Claim, id: number): number {
    this.#lastHandle++;
    this.#held.set(this.#lastHandle, { claim, id });
    claim.handles.add(this.#lastHandle);
    return this.#lastHandle;
  }

  /** The session is not this node's any more: what its entries came to is written, unless `forget`. */
  async end(claim: Claim, forget = false): Promise<void> {
    if (this.#claims.get(claim.session) === claim) this.#claims.delete(claim.session);
    for (const handle of claim.handles) this.#held.delete(handle);
    if (forget) {
      claim.changes = new Map();
      this.#changed.delete(claim);
      return;
    }
    claim.release = true;
    this.#changed.add(claim);
    await this.written();
  }

  add(
    owner: EntryOwner,
    message: CustomMessage,
    copy: Copy,
    share: string | undefined,
    packetId: number | undefined,
  ): number {
    const claim = this.#claims.get(owner.key);
    if (claim === undefined) return 0;
    claim.lowest--;
    const id = claim.lowest;
    const { topic, payload, envelope } = message;
    const add = {
      ...{ copy: encodeCopy(copy, share), body: encodeBody({ topic, payload, envelope }) },
      weight: message.bytes,
    };
    this.#change(claim, id, {
      ...{ id, add },
      ...(packetId !== undefined && { sent: { packetId, place: ++this.#places } }),
    });
    return this.handle(claim, id);
  }

  sent(entry: number, packetId: number): void {
    const held = this.#held.get(entry);
    if (held === undefined) return;
    this.#change(held.claim, held.id, { id: held.id, sent: { packetId, place: ++this.#places } });
  }

  received(entry: number): Promise<void> {
    const held = this.#held.get(entry);
    if (held === undefined) return Promise.resolve();
    this.#change(held.claim, held.id, { id: held.id, received: true });
    return this.written();
  }

  remove(entry: number): void {
    const held = this.#held.get(entry);
    if (held === undefined) return;
    this.#held.delete(entry);
    held.claim.handles.delete(entry);
    this.#change(held.claim, held.id, { id: held.id, remove: true });
  }

  written(): Promise<void> {
    if (this.#changed.size === 0) return this.#running ?? Promise.resolve();
    this.#next ??= makeBatch();
    const { written } = this.#next;
    this.#soon(0);
    return written;
  }

  #change(claim: Claim, id: number, change: EntryChange): void {
    const old = claim.changes.get(id);
    claim.changes.set(id, old === undefined ? change : { ...old, ...change });
    this.#changed.add(claim);
    this.#soon(lazyMs);
  }

  #soon(ms: number): void {
    if (this.#running !== undefined) return;
    if (ms === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      // The callers of this turn share one call.
      const running = new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#drain());
      this.#running = running.finally(() => {
        this.#running = undefined;
        if (this.#changed.size > 0) this.#soon(this.#next === undefined ? lazyMs : 0);
      });
      this.#running.catch(() => undefined);
      return;
    }
    this.#timer ??= setTimeout(() => this.#soon(0), ms).unref();
  }

  async #drain(): Promise<void> {
    const batch = this.#next;
    this.#next = undefined;
    const claims = [...this.#changed];
    this.#changed.clear();
    const taken = claims.map((claim) => {
      const { changes } = claim;
      claim.changes = new Map();
      return changes;
    });
    const said: SessionChanges[] = claims.map((claim, i) => ({
      ...{ session: claim.session, token: claim.token, entries: [...taken[i]!.values()] },
      ...(claim.release && { release: true }),
    }));
    try {
      const fenced = said.length === 0 ? [] : await this.#shared.progress(this.#node, said);
      batch?.resolve();
      for (const claim of claims) {
        if (!fenced.includes(claim.session) || claim.release) continue;
        this.#changed.delete(claim);
        this.#onFenced(claim);
      }
    } catch (error) {
      for (const [i, claim] of claims.entries()) {
        const newer = claim.changes;
        claim.changes = taken[i]!;
        for (const [id, change] of newer) claim.changes.set(id, { ...claim.changes.get(id), ...change });
        this.#changed.add(claim);
      }
      batch?.reject(error);
      await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
    }
  }

  /** Writes what is left, if it can be written now. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.written().catch(() => undefined);
  }
}

function makeBatch(): Batch {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const written = new Promise<void>((whenWritten, whenFailed) => {
    resolve = whenWritten;
    reject = whenFailed;
  });
  // Those who wait for it hear of a failure; that nobody does is no fault.
  written.catch(() => undefined);
  return { written, resolve, reject };
}
