import type { StoredEvent } from '../schemas/event.ts';
import type { Replacement, Revision } from '../store/timeline.ts';
import { parseRaw } from './raw.ts';

const rawWithout = ({ raw }: Pick<StoredEvent, 'raw'>): Buffer => {
  const { id, type, body } = parseRaw({ raw });
  const kept = type === 'edit' ? { body: { target: body?.target } } : {};
  return Buffer.from(JSON.stringify({ id, type, ...kept, recalled: true }));
};

const isOf = (type: string) => (change: StoredEvent) => parseRaw(change).type === type;

/** A message and its edits as they are when the message is recalled: each without its body. */
export const withoutBodies = (message: StoredEvent, changes: readonly StoredEvent[]): Replacement[] =>
  [message, ...changes.filter(isOf('edit'))].map((event) => ({ seq: event.seq, raw: rawWithout(event) }));

/** An edit that comes behind a recall, by whichever process, is stored without its body: as if it had come before it. */
export const editRevision = (raw: Uint8Array, after: number): Revision => ({
  after,
  revise: (changes) => ({ raw: changes.some(isOf('recall')) ? rawWithout({ raw }) : raw }),
});

/** A recall takes the bodies out of the edits, too, that came after it was looked for them. */
export const recallRevision = (
  raw: Uint8Array,
  message: StoredEvent,
  changes: readonly StoredEvent[],
): Revision => ({
  after: changes.at(-1)?.seq ?? message.seq,
  revise: (newer) => ({ raw, replaces: withoutBodies(message, [...changes, ...newer]) }),
});
