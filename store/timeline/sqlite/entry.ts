import type { Head, StoredEvent } from '../../../schemas/event.ts';
import type { CursorMove, Submission } from '../../timeline.ts';
import { maxSeq } from '../sequence.ts';

/**
 * The one binary form of an event and of a cursor move: from the caller's thread over the journal to the segments of
 * the tables and back, without a structured clone or a parse between. Little-endian, `headerBytes` of numbers, then
 *
 *   from, id (latin1) · raw · per replacement: seq u32, length u32, raw · conv (latin1)
 *
 * What is behind `raw` is not kept in segments. seq, n, ts, conv number and hash are written by the commit thread.
 */
export const at = {
  size: 0, // u32, all of the entry
  kind: 4, // u8
  flags: 5, // u8
  fromLength: 6, // u8
  idLength: 7, // u8
  conv: 8, // u32, the conversation's number
  convLength: 12, // u8
  replaces: 14, // u16, how many
  hash: 16, // u32, of (from, id)
  seq: 20, // u32; a cursor's `delivered`
  n: 24, // u32; a cursor's `read`
  rawLength: 28, // u32
  ts: 32, // f64
  target: 40, // u32, 0 where absent; a cursor's readN
} as const;

export const headerBytes = 44;
export const kinds = { event: 1, cursor: 2 } as const;
/** `counts`: a message. `dropped`: a repeat, there for its answer only. */
export const flags = { counts: 1, dropped: 2 } as const;

/** Every batch begins with the journal's record header, so that it is written as it is; the last u32 of it is the count of entries. */
export const recordBytes = 16;
const countAt = 12;

/** Bytes with a view of them. */
export interface Block {
  readonly bytes: Buffer;
  readonly view: DataView;
}

export const blockOf = (bytes: Uint8Array): Block => ({
  bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
});

/** Room for a batch; not zeroed, so every field is to be written. */
function newBatch(size: number, count: number): Block {
  const block = blockOf(Buffer.allocUnsafeSlow(size));
  block.view.setUint32(countAt, count, true);
  return block;
}

function writeAscii(bytes: Uint8Array, text: string, offset: number): number {
  const length = text.length;
  for (let i = 0; i < length; i++) bytes[offset + i] = text.charCodeAt(i);
  return offset + length;
}

const seqOf = (wish: number | undefined): number =>
  wish === undefined || !(wish > 0) ? 0 : Math.min(Math.floor(wish), maxSeq);

/** The longest conv; from and id have 64 at most. */
export const maxConvLength = 131;

function checkNames(conv: string, from: string, id: string): void {
  if (conv.length > maxConvLength || from.length > 64 || id.length > 64)
    throw new RangeError(`too long: ${conv} ${from} ${id}`);
}

/** The batch as bytes of its own. */
export function encodeSubmissions(batch: readonly Submission[]): Uint8Array<ArrayBuffer> {
  let total = recordBytes;
  for (const event of batch) {
    checkNames(event.conv, event.from, event.id);
    total += headerBytes + event.conv.length + event.from.length + event.id.length + event.raw.length;
    if (event.replaces) for (const { raw } of event.replaces) total += 8 + raw.length;
  }
  const { bytes, view } = newBatch(total, batch.length);
  let start = recordBytes;
  for (const event of batch) {
    const { conv, from, id, raw, replaces } = event;
    view.setUint32(
      start + at.kind,
      kinds.event | (event.counts ? flags.counts << 8 : 0) | (from.length << 16) | (id.length << 24),
      true,
    );
    view.setUint32(start + at.convLength, conv.length | ((replaces?.length ?? 0) << 16), true);
    view.setUint32(start + at.rawLength, raw.length, true);
    view.setUint32(start + at.target, seqOf(event.target), true);
    let offset = writeAscii(bytes, from, start + headerBytes);
    offset = writeAscii(bytes, id, offset);
    bytes.set(raw, offset);
    offset += raw.length;
    if (replaces) {
      for (const replacement of replaces) {
        view.setUint32(offset, seqOf(replacement.seq), true);
        view.setUint32(offset + 4, replacement.raw.length, true);
        bytes.set(replacement.raw, offset + 8);
        offset += 8 + replacement.raw.length;
      }
    }
    offset = writeAscii(bytes, conv, offset);
    view.setUint32(start, offset - start, true);
    start = offset;
  }
  return bytes as Uint8Array<ArrayBuffer>;
}

/** The moves as bytes of their own. */
export function encodeMoves(moves: readonly CursorMove[]): Uint8Array<ArrayBuffer> {
  let total = recordBytes;
  for (const { conv, uid } of moves) {
    checkNames(conv, uid, '');
    total += headerBytes + conv.length + uid.length;
  }
  const { bytes, view } = newBatch(total, moves.length);
  bytes.fill(0, recordBytes);
  let start = recordBytes;
  for (const { conv, uid, delivered, read } of moves) {
    view.setUint32(start + at.kind, kinds.cursor | (uid.length << 16), true);
    view.setUint32(start + at.convLength, conv.length, true);
    view.setUint32(start + at.seq, seqOf(delivered), true);
    view.setUint32(start + at.n, seqOf(read), true);
    const offset = writeAscii(bytes, conv, writeAscii(bytes, uid, start + headerBytes));
    view.setUint32(start, offset - start, true);
    start = offset;
  }
  return bytes as Uint8Array<ArrayBuffer>;
}

/** How many entries a batch has. */
export const countOf = ({ view }: Block): number => view.getUint32(countAt, true);

export const fromOf = ({ bytes }: Block, start: number): string =>
  bytes.toString('latin1', start + headerBytes, start + headerBytes + bytes[start + at.fromLength]!);

export const idOf = ({ bytes }: Block, start: number): string => {
  const id = start + headerBytes + bytes[start + at.fromLength]!;
  return bytes.toString('latin1', id, id + bytes[start + at.idLength]!);
};

/** The place of an event that has one. */
export const headOf = ({ view }: Block, start: number): Head => ({
  seq: view.getUint32(start + at.seq, true),
  n: view.getUint32(start + at.n, true),
  ts: view.getFloat64(start + at.ts, true),
});

export const convLengthOf = ({ bytes }: Block, start: number): number => bytes[start + at.convLength]!;

export function convOf({ bytes, view }: Block, start: number): string {
  const end = start + view.getUint32(start, true);
  return bytes.toString('latin1', end - bytes[start + at.convLength]!, end);
}

/** Where an event's raw begins. */
export const rawStart = ({ bytes }: Block, start: number): number =>
  start + headerBytes + bytes[start + at.fromLength]! + bytes[start + at.idLength]!;

/** Whether two events have the same sender and id. */
export function sameKey(a: Block, aStart: number, b: Block, bStart: number): boolean {
  if (a.bytes[aStart + at.fromLength] !== b.bytes[bStart + at.fromLength]) return false;
  const aKey = aStart + headerBytes;
  const bKey = bStart + headerBytes;
  const aEnd = rawStart(a, aStart);
  const bEnd = rawStart(b, bStart);
  return aEnd - aKey === bEnd - bKey && a.bytes.compare(b.bytes, bKey, bEnd, aKey, aEnd) === 0;
}

export function eachReplacement(
  block: Block,
  start: number,
  visit: (seq: number, raw: Buffer) => void,
): void {
  const { bytes, view } = block;
  let offset = rawStart(block, start) + view.getUint32(start + at.rawLength, true);
  for (let left = view.getUint16(start + at.replaces, true); left > 0; left--) {
    const length = view.getUint32(offset + 4, true);
    visit(view.getUint32(offset, true), bytes.subarray(offset + 8, offset + 8 + length));
    offset += 8 + length;
  }
}

/** How long the entry is in a segment: without replacements and conv. */
export const storedSize = (block: Block, start: number): number =>
  rawStart(block, start) - start + block.view.getUint32(start + at.rawLength, true);

/** Copies an event in its stored form, with another raw where one is given; answers where it ends. */
export function copyStored(from: Block, start: number, to: Block, offset: number, raw?: Uint8Array): number {
  const rawFrom = rawStart(from, start);
  const head = rawFrom - start;
  const rawLength = raw ? raw.length : from.view.getUint32(start + at.rawLength, true);
  if (raw) {
    to.bytes.set(from.bytes.subarray(start, rawFrom), offset);
    to.bytes.set(raw, offset + head);
    to.view.setUint32(offset + at.rawLength, rawLength, true);
  } else to.bytes.set(from.bytes.subarray(start, rawFrom + rawLength), offset);
  to.view.setUint32(offset, head + rawLength, true);
  to.view.setUint32(offset + at.convLength, 0, true);
  return offset + head + rawLength;
}

export function decodeEvent(conv: string, block: Block, start: number): StoredEvent {
  const { view } = block;
  const raw = rawStart(block, start);
  return {
    conv,
    seq: view.getUint32(start + at.seq, true),
    n: view.getUint32(start + at.n, true),
    ts: view.getFloat64(start + at.ts, true),
    from: fromOf(block, start),
    raw: block.bytes.subarray(raw, raw + view.getUint32(start + at.rawLength, true)),
  };
}

/** The events of a conversation from their stored form; `raw` are views of `bytes`. */
export function decodeEvents(conv: string, bytes: Uint8Array): StoredEvent[] {
  const block = blockOf(bytes);
  const events: StoredEvent[] = [];
  for (let start = 0; start < bytes.length; start += block.view.getUint32(start, true))
    events.push(decodeEvent(conv, block, start));
  return events;
}

/** The events at these places: a byte a place tells whether there is one, their stored forms follow. */
export function decodePlaces(
  places: readonly { readonly conv: string }[],
  bytes: Uint8Array,
): (StoredEvent | undefined)[] {
  const block = blockOf(bytes);
  let start = places.length;
  return places.map(({ conv }, i) => {
    if (bytes[i] === 0) return undefined;
    const event = decodeEvent(conv, block, start);
    start += block.view.getUint32(start, true);
    return event;
  });
}
