import type { Head, StoredEvent } from '../../../schemas/event.ts';
import type { Cursor, Range } from '../../timeline.ts';
import { seqsOf } from '../sequence.ts';
import type { Conversation, Conversations, CursorState } from './conversation.ts';
import { at, type Block, blockOf, copyStored, rawStart, storedSize } from './entry.ts';
import type { Tables } from './reader.ts';

type Place = Pick<StoredEvent, 'seq'> & { readonly block: Block; readonly start: number };

/** Reads over what is in memory and what is in the tables, as one. */
export class Reads {
  readonly #conversations: Conversations;
  readonly #tables: Tables;

  constructor(conversations: Conversations, tables: Tables) {
    this.#conversations = conversations;
    this.#tables = tables;
  }

  range(range: Range): Uint8Array<ArrayBuffer> {
    const conversation = this.#conversations.find(range.conv);
    const seqs = conversation && seqsOf(range, conversation.head.seq);
    if (!seqs) return new Uint8Array(0);
    return packed(conversation, this.#events(conversation, seqs.first, seqs.last));
  }

  changes(conv: string, from: number, to: number): Uint8Array<ArrayBuffer> {
    const conversation = this.#conversations.find(conv);
    if (!conversation) return new Uint8Array(0);
    const inMemory = conversation.firstInMemory;
    const places: Place[] = [];
    for (const seq of this.#tables.changes(conversation.number, from, to))
      if (seq < inMemory) places.push(...this.#events(conversation, seq, seq));
    for (const { generation, changes } of conversation.parts) {
      for (const event of changes ?? []) {
        const place = placeOf(generation.blockOf(event), generation.startOf(event));
        const target = place.block.view.getUint32(place.start + at.target, true);
        if (target >= from && target <= to) places.push(place);
      }
    }
    return packed(conversation, places);
  }

  heads(convs: readonly string[]): Float64Array<ArrayBuffer> {
    const numbers = new Float64Array(convs.length * 3);
    convs.forEach((conv, i) => {
      const head = this.#conversations.find(conv)?.head;
      if (head) numbers.set([head.seq, head.n, head.ts], i * 3);
    });
    return numbers;
  }

  directs(uid: string): { conv: string; head: Head }[] {
    const found = new Map<string, Head>();
    for (const { conv, head } of this.#tables.directs(uid))
      found.set(conv, this.#conversations.known(conv)?.head ?? head);
    for (const { name, head } of this.#conversations.newDirects(uid)) found.set(name, head);
    return [...found].map(([conv, { seq, n, ts }]) => ({ conv, head: { seq, n, ts } }));
  }

  cursors(keys: readonly { conv: string; uid: string }[]): Cursor[] {
    return keys.map(({ conv, uid }) => {
      const conversation = this.#conversations.find(conv);
      return cursorOf(conv, uid, conversation && this.cursor(conversation, uid));
    });
  }

  cursorsOf(conv: string, afterUid: string, limit: number): Cursor[] {
    const conversation = this.#conversations.find(conv);
    if (!conversation) return [];
    const bounded = Math.min(Math.max(limit, 1), 1000);
    const found = new Map<string, Omit<CursorState, 'generation'>>();
    for (const stored of this.#tables.cursorsOf(conversation.number, afterUid, bounded))
      found.set(stored.uid, stored);
    for (const [uid, state] of conversation.cursors) if (uid > afterUid) found.set(uid, state);
    return [...found.keys()]
      .sort()
      .slice(0, bounded)
      .map((uid) => cursorOf(conv, uid, found.get(uid)));
  }

  /** The cursor as it is now; undefined where nothing is stored. */
  cursor(conversation: Conversation, uid: string): Omit<CursorState, 'generation'> | undefined {
    return conversation.cursors.get(uid) ?? this.#tables.cursor(conversation.number, uid);
  }

  /** `n` of the event with this seq; 0 before the first. */
  nAt(conversation: Conversation, seq: number): number {
    if (seq === conversation.head.seq) return conversation.head.n;
    const [place] = this.#events(conversation, seq, seq);
    return place ? place.block.view.getUint32(place.start + at.n, true) : 0;
  }

  #events(conversation: Conversation, first: number, last: number): Place[] {
    const places: Place[] = [];
    const inMemory = conversation.firstInMemory;
    if (first < inMemory)
      this.#tables.events(conversation.number, first, Math.min(last, inMemory - 1), (block, start) =>
        places.push(placeOf(block, start)),
      );
    for (const { generation, first: partFirst, events } of conversation.parts) {
      const end = Math.min(last - partFirst + 1, events.length);
      for (let i = Math.max(first - partFirst, 0); i < end; i++)
        places.push(placeOf(generation.blockOf(events[i]!), generation.startOf(events[i]!)));
    }
    return places;
  }
}

const placeOf = (block: Block, start: number): Place => ({
  seq: block.view.getUint32(start + at.seq, true),
  block,
  start,
});

const cursorOf = (conv: string, uid: string, state: Omit<CursorState, 'generation'> | undefined): Cursor => ({
  conv,
  uid,
  delivered: state?.delivered ?? 0,
  read: state?.read ?? 0,
  readN: state?.readN ?? 0,
});

/** The events one after another in their stored form, with the raws that replaced theirs. */
function packed(conversation: Conversation, places: readonly Place[]): Uint8Array<ArrayBuffer> {
  const raws = places.map(({ seq }) => conversation.replaced.get(seq)?.raw);
  let size = 0;
  places.forEach(({ block, start }, i) => {
    const raw = raws[i];
    size += raw ? rawStart(block, start) - start + raw.length : storedSize(block, start);
  });
  const bytes = new Uint8Array(size);
  const to = blockOf(bytes);
  let offset = 0;
  places.forEach(({ block, start }, i) => {
    offset = copyStored(block, start, to, offset, raws[i]);
  });
  return bytes;
}
