import type { OutboxEntry, Place } from '../outbox/entry.ts';
import type { Message } from '../types.ts';
import type { Change } from './change.ts';
import { isChange, keyOf } from './event.ts';
import type { Pending } from './timeline.ts';

/** What of a conversation is on its way: what waits in the outbox, and what the server has stored but not given back yet. */
export class Overlay {
  #sent: readonly { readonly entry: OutboxEntry; readonly place: Place }[] = [];
  /** What was answered last, and of which entries. */
  #pending: Pending | undefined;
  #of: readonly OutboxEntry[] | undefined;
  readonly #messages = new WeakMap<OutboxEntry, Message>();
  readonly #changes = new WeakMap<OutboxEntry, Change>();

  /** The server has it. */
  sent(entry: OutboxEntry, place: Place): void {
    if (this.#sent.some(({ entry: { id } }) => id === entry.id)) return;
    this.#sent = [...this.#sent, { entry, place }];
    this.#pending = undefined;
  }

  /** What to show over events up to `to`, of which what is stored up to there is a part; the same object for the same. */
  pending(entries: readonly OutboxEntry[], to: number): Pending {
    const sent = this.#sent.filter(({ place }) => place.seq > to);
    const isSame = sent.length === this.#sent.length && entries === this.#of;
    if (this.#pending !== undefined && isSame) return this.#pending;
    this.#sent = sent;
    this.#of = entries;
    const stored = new Set(sent.map(({ entry }) => entry.id));
    const waiting = entries.filter(({ id }) => !stored.has(id));
    const messages = sent.flatMap(({ entry, place }) =>
      isChange(entry.type) ? [] : [this.messageOf(entry, place)],
    );
    for (const entry of waiting) if (!isChange(entry.type)) messages.push(this.messageOf(entry));
    const changes = [...sent.map(({ entry }) => entry), ...waiting]
      .filter(({ type, state }) => isChange(type) && state === 'sending')
      .map((entry) => this.#changeOf(entry));
    this.#pending = { messages, changes };
    return this.#pending;
  }

  /** The message that is waiting; the same object for the same entry. */
  messageOf(entry: OutboxEntry, place?: Place): Message {
    const known = this.#messages.get(entry);
    if (known !== undefined && known.seq === place?.seq) return known;
    const message = toMessage(entry, place);
    this.#messages.set(entry, message);
    return message;
  }

  #changeOf(entry: OutboxEntry): Change {
    let change = this.#changes.get(entry);
    if (change === undefined) {
      const { type, uid, ts, body } = entry;
      change = { type, from: uid, ts, body };
      this.#changes.set(entry, change);
    }
    return change;
  }
}

/** What waits, as a message; with a place it is stored there. */
export function toMessage(entry: OutboxEntry, place?: Place): Message {
  const { uid, id, conv, ts, type, body, replyTo, mentions, state, error } = entry;
  return {
    key: keyOf(uid, id),
    conv,
    ...(place !== undefined && { seq: place.seq }),
    ts: place?.ts ?? ts,
    from: uid,
    id,
    type,
    body,
    ...(replyTo !== undefined && { replyTo }),
    ...(mentions !== undefined && { mentions }),
    state: place === undefined ? state : 'sent',
    ...(error !== undefined && { error }),
  };
}
