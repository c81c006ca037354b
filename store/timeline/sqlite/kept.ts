import type { KeptEvent } from '../../transfer.ts';
import { at, blockOf, decodeEvent, encodeSubmissions, idOf, recordBytes } from './entry.ts';
import type { Scanned } from './messages.ts';

/** Events that have their places, as bytes of their own. Whether they count, their places tell. */
export function encodeKept(events: readonly KeptEvent[]): Uint8Array<ArrayBuffer> {
  const bytes = encodeSubmissions(events.map((event) => ({ ...event, counts: false })));
  const { view } = blockOf(bytes);
  let start = recordBytes;
  for (const { seq, n, ts } of events) {
    view.setUint32(start + at.seq, seq, true);
    view.setUint32(start + at.n, n, true);
    view.setFloat64(start + at.ts, ts, true);
    start += view.getUint32(start, true);
  }
  return bytes;
}

/** What a scan found; `raw` are views of its bytes. */
export function decodeScanned({ parts, bytes }: Scanned): KeptEvent[] {
  const block = blockOf(bytes);
  const events: KeptEvent[] = [];
  let start = 0;
  for (const { conv, size } of parts) {
    for (const end = start + size; start < end; start += block.view.getUint32(start, true)) {
      const target = block.view.getUint32(start + at.target, true);
      events.push({
        ...decodeEvent(conv, block, start),
        id: idOf(block, start),
        ...(target > 0 && { target }),
      });
    }
  }
  return events;
}
