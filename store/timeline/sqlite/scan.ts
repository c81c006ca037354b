import type { Cursor } from '../../timeline.ts';
import { type Block, blockOf, copyStored, storedSize } from './entry.ts';
import type { Scanned } from './messages.ts';
import type { Tables } from './reader.ts';

/** An answer is complete when it has so many bytes. */
const enoughBytes = 1 << 20;
const eventsAtOnce = 256;
const conversationsAtOnce = 256;
const cursorsAtOnce = 1000;

/** Reads all that is in the tables, piece by piece, in the order of the conversations' names. */
export class Scan {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Events behind this place; none where there are no more. */
  events(conv: string, seq: number): Scanned {
    const pieces: Uint8Array[] = [];
    const parts: { conv: string; size: number }[] = [];
    let total = 0;
    for (const { id, name } of this.#conversations(conv)) {
      const part = { conv: name, size: 0 };
      for (let after = name === conv ? seq : 0; total < enoughBytes; after += eventsAtOnce) {
        const piece = this.#piece(id, after);
        if (piece.length === 0) break;
        pieces.push(piece);
        part.size += piece.length;
        total += piece.length;
      }
      if (part.size > 0) parts.push(part);
      if (total >= enoughBytes) break;
    }
    const bytes = new Uint8Array(total);
    let offset = 0;
    for (const piece of pieces) {
      bytes.set(piece, offset);
      offset += piece.length;
    }
    return { parts, bytes };
  }

  cursors(conv: string, uid: string): Cursor[] {
    return this.#tables.cursorsFrom(conv, uid, cursorsAtOnce);
  }

  *#conversations(from: string): Generator<{ id: number; name: string }> {
    for (let first = from; ; ) {
      const found = this.#tables.conversationsFrom(first, conversationsAtOnce);
      yield* found;
      if (found.length < conversationsAtOnce) return;
      // Behind it, and before any longer name: a space is in none.
      first = `${found.at(-1)!.name} `;
    }
  }

  /** The next events of a conversation in their stored form. */
  #piece(id: number, after: number): Uint8Array {
    const found: { block: Block; start: number }[] = [];
    let size = 0;
    this.#tables.events(id, after + 1, after + eventsAtOnce, (block, start) => {
      found.push({ block, start });
      size += storedSize(block, start);
    });
    const to = blockOf(new Uint8Array(size));
    let offset = 0;
    for (const { block, start } of found) offset = copyStored(block, start, to, offset);
    return to.bytes;
  }
}
