import type { CustomEntry, CustomRecord } from '../custom.ts';

/** A message in the store, and by how many entries it is held. */
export interface Holder {
  readonly id: number;
  entries: number;
  /** Whether its row is there, or on its way. */
  stored: boolean;
}

export interface NewEntry {
  readonly entry: CustomEntry;
  readonly holder: Holder;
  packetId: number;
  /** The place among those that were sent; 0 while it waits. */
  sent: number;
  received: boolean;
}

/** What one transaction writes. */
export class Batch {
  readonly adds = new Map<number, NewEntry>();
  readonly sent = new Map<number, { readonly packetId: number; readonly sent: number }>();
  readonly received = new Set<number>();
  readonly removes = new Set<number>();
  /** Messages that lost their last entry. */
  readonly emptied = new Set<Holder>();
  /** What topics retain from now on; undefined: nothing. */
  readonly retained = new Map<string, CustomRecord | undefined>();
  /** The same of the wills of sessions. */
  readonly wills = new Map<string, CustomRecord | undefined>();
  /** Whether somebody waits for it; else it has time. */
  urgent = false;
  readonly written: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;

  constructor() {
    let resolve!: () => void;
    let reject!: (reason: unknown) => void;
    this.written = new Promise((whenWritten, whenFailed) => {
      resolve = whenWritten;
      reject = whenFailed;
    });
    // Those who wait for it hear of a failure; that nobody does is no fault.
    this.written.catch(() => undefined);
    this.resolve = resolve;
    this.reject = reject;
  }

  get changes(): number {
    const entries = this.adds.size + this.sent.size + this.received.size + this.removes.size;
    return entries + this.emptied.size + this.retained.size + this.wills.size;
  }

  /** Takes over what an earlier batch could not change; what is newer stays. */
  inherit(failed: Batch): void {
    for (const [id, place] of failed.sent) if (!this.sent.has(id)) this.sent.set(id, place);
    for (const id of failed.received) this.received.add(id);
    for (const id of failed.removes) this.removes.add(id);
    for (const holder of failed.emptied) this.emptied.add(holder);
    for (const [session, will] of failed.wills) if (!this.wills.has(session)) this.wills.set(session, will);
    for (const [topic, message] of failed.retained) {
      if (message === undefined && !this.retained.has(topic)) this.retained.set(topic, undefined);
    }
  }
}
