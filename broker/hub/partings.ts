import type { StoredEvent } from '../../schemas/event.ts';

const nobody: readonly string[] = [];
/** Where the id of an event stands in its JSON: behind `{"id":"`. */
const idAt = 7;

/**
 * Departures from groups that are about to be stored. With the event itself the user is out: what was stored right behind
 * it, in the same commit, is not theirs any more.
 */
export class Partings {
  readonly #announced = new Map<string, { readonly id: string; readonly uids: readonly string[] }>();

  /** One at a time in a group. */
  announce(gid: string, id: string, uids: readonly string[]): void {
    this.#announced.set(gid, { id, uids });
  }

  forget(gid: string): void {
    this.#announced.delete(gid);
  }

  /** Whether there is anything to look for in events. */
  get any(): boolean {
    return this.#announced.size > 0;
  }

  /** For whom this event was the last of the group; it is not looked for any more. */
  endingWith(gid: string, event: StoredEvent): readonly string[] {
    const uids = this.lastOf(gid, event);
    if (uids !== nobody) this.#announced.delete(gid);
    return uids;
  }

  /** For whom this event is the last of the group. */
  lastOf(gid: string, { raw }: StoredEvent): readonly string[] {
    const announced = this.#announced.get(gid);
    if (announced === undefined) return nobody;
    const { id, uids } = announced;
    const found = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
    return found.toString('latin1', idAt, idAt + id.length) === id ? uids : nobody;
  }
}
