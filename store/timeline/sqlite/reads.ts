import type { Head, StoredEvent } from '../../../schemas/event.ts';
import type { Cursor, Range } from '../../timeline.ts';
import { seqsOf } from '../sequence.ts';
import type { Conversations, CursorState } from './conversations.ts';
import { at, type Block, blockOf, copyStored, rawStart, storedSize } from './entry.ts';
import type { Generation } from './memtable.ts';
import type { ChangesRange } from './messages.ts';
import type { Tables } from './reader.ts';

/** Events so near to each other are read as one range. */
const nearbySeqs = 64;

type Place = Pick<StoredEvent, 'seq'> & { readonly block: Block; readonly start: number };

/** Reads over what is in memory and what is in the tables, as one. */
export class Reads {
  readonly #conversations: Conversations;
  readonly #tables: Tables;
  readonly #generations: readonly Generation[];

  constructor(conversations: Conversations, tables: Tables, generations: readonly Generation[]) {
    this.#conversations = conversations;
    this.#tables = tables;
    this.#generations = generations;
  }

  range(range: Range): Uint8Array<ArrayBuffer> {
    const slot = this.#conversations.find(range.conv);
    const seqs = slot < 0 ? undefined : seqsOf(range, this.#conversations.head(slot).seq);
    return seqs ? this.#packed(slot, this.#events(slot, seqs.first, seqs.last)) : new Uint8Array(0);
  }

  events(lines: string): Uint8Array<ArrayBuffer> {
    const places = lines.split('\n');
    const found = places.map((line) => {
      const [conv, number] = line.split(' ') as [string, string];
      const seq = Number(number);
      const slot = this.#conversations.find(conv);
      if (slot < 0 || !(seq >= 1) || seq > this.#conversations.head(slot).seq) return undefined;
      return this.#packed(slot, this.#events(slot, seq, seq));
    });
    const bytes = new Uint8Array(found.reduce((size, one) => size + (one?.length ?? 0), places.length));
    let offset = places.length;
    found.forEach((one, i) => {
      if (one === undefined || one.length === 0) return;
      bytes[i] = 1;
      bytes.set(one, offset);
      offset += one.length;
    });
    return bytes;
  }

  changes({ conv, from, to, after }: ChangesRange): Uint8Array<ArrayBuffer> {
    const slot = this.#conversations.find(conv);
    if (slot < 0) return new Uint8Array(0);
    const inMemory = this.#conversations.firstInMemory(slot);
    const seqs = this.#tables
      .changes(this.#conversations.numberOf(slot), from, to, after)
      .filter((seq) => seq < inMemory);
    for (const { seq, target } of this.#conversations.knownExtra(slot)?.changes ?? [])
      if (target >= from && target <= to && seq > after) seqs.push(seq);
    return this.#packed(slot, this.#eventsAt(slot, seqs));
  }

  heads(convs: readonly string[]): Float64Array<ArrayBuffer> {
    const numbers = new Float64Array(convs.length * 3);
    convs.forEach((conv, i) => {
      const slot = this.#conversations.find(conv);
      if (slot < 0) return;
      const { seq, n, ts } = this.#conversations.head(slot);
      numbers.set([seq, n, ts], i * 3);
    });
    return numbers;
  }

  directs(uid: string): { conv: string; head: Head }[] {
    const found = new Map<string, Head>();
    for (const { conv, head } of this.#tables.directs(uid)) {
      const slot = this.#conversations.known(conv);
      found.set(conv, slot < 0 ? head : this.#conversations.head(slot));
    }
    for (const slot of this.#conversations.newDirects(uid))
      found.set(this.#conversations.nameOf(slot), this.#conversations.head(slot));
    return [...found].map(([conv, head]) => ({ conv, head }));
  }

  cursors(lines: string): Float64Array<ArrayBuffer> {
    const keys = lines.split('\n');
    const numbers = new Float64Array(keys.length * 3);
    keys.forEach((line, i) => {
      const [conv, uid] = line.split(' ') as [string, string];
      const slot = this.#conversations.find(conv);
      const cursor = slot < 0 ? undefined : this.cursor(slot, uid);
      if (cursor) numbers.set([cursor.delivered, cursor.read, cursor.readN], i * 3);
    });
    return numbers;
  }

  cursorsOf(conv: string, afterUid: string, limit: number): Cursor[] {
    const slot = this.#conversations.find(conv);
    if (slot < 0) return [];
    const bounded = Math.min(Math.max(limit, 1), 1000);
    const found = new Map<string, Omit<CursorState, 'generation'>>();
    for (const stored of this.#tables.cursorsOf(this.#conversations.numberOf(slot), afterUid, bounded))
      found.set(stored.uid, stored);
    for (const [uid, state] of this.#conversations.knownExtra(slot)?.cursors ?? [])
      if (uid > afterUid) found.set(uid, state);
    return [...found.keys()]
      .sort()
      .slice(0, bounded)
      .map((uid) => cursorOf(conv, uid, found.get(uid)));
  }

  /** The cursor as it is now; undefined where nothing is stored. */
  cursor(slot: number, uid: string): Omit<CursorState, 'generation'> | undefined {
    return (
      this.#conversations.knownExtra(slot)?.cursors.get(uid) ??
      this.#tables.cursor(this.#conversations.numberOf(slot), uid)
    );
  }

  /** `n` of the event with this seq; 0 before the first. */
  nAt(slot: number, seq: number): number {
    const head = this.#conversations.head(slot);
    if (seq === head.seq) return head.n;
    const [place] = this.#events(slot, seq, seq);
    return place ? place.block.view.getUint32(place.start + at.n, true) : 0;
  }

  /** The events at these seqs, which ascend. Neighbours are found together: each for itself would walk over all the others. */
  #eventsAt(slot: number, seqs: readonly number[]): Place[] {
    const places: Place[] = [];
    for (let from = 0; from < seqs.length; ) {
      let to = from;
      while (to + 1 < seqs.length && seqs[to + 1]! - seqs[to]! <= nearbySeqs) to++;
      const wanted = new Set(seqs.slice(from, to + 1));
      for (const place of this.#events(slot, seqs[from]!, seqs[to]!))
        if (wanted.has(place.seq)) places.push(place);
      from = to + 1;
    }
    return places;
  }

  #events(slot: number, first: number, last: number): Place[] {
    const places: Place[] = [];
    const inMemory = this.#conversations.firstInMemory(slot);
    if (first < inMemory)
      this.#tables.events(
        this.#conversations.numberOf(slot),
        first,
        Math.min(last, inMemory - 1),
        (block, start) => places.push(placeOf(block, start)),
      );
    for (const part of this.#conversations.parts(slot)) {
      const generation = this.#generations.find(({ number }) => number === part.generation)!;
      const found: Place[] = [];
      // From its newest event back.
      for (let event = part.last; event > 0; event = generation.before(event - 1)) {
        const place = placeOf(generation.blockOf(event - 1), generation.startOf(event - 1));
        if (place.seq < first) break;
        if (place.seq <= last) found.push(place);
      }
      places.push(...found.reverse());
    }
    return places;
  }

  /** The events one after another in their stored form, with the raws that replaced theirs. */
  #packed(slot: number, places: readonly Place[]): Uint8Array<ArrayBuffer> {
    const replaced = this.#conversations.knownExtra(slot)?.replaced;
    const raws = places.map(({ seq }) => replaced?.get(seq)?.raw);
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
