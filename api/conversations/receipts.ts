import { PetrelError } from '../../schemas/errors.ts';
import type { Conv, ConvId } from '../../schemas/event.ts';
import type { Directory } from '../../store/directory.ts';
import type { Cursor, Timeline } from '../../store/timeline.ts';
import { readPaging, toCursor } from '../operations/shapes.ts';
import type { Readable } from './access.ts';

const chunk = 1000;

export interface Receipts {
  delivered: string[];
  read: string[];
  /** Of all who could have it, the sender aside. */
  counts: { members: number; delivered: number; read: number };
  next?: string;
}

/** Who may have the event, in uid order. */
async function* readersOf(directory: Directory, conv: Conv, seq: number): AsyncGenerator<string> {
  if (conv.kind === 'direct') {
    yield* new Set([conv.a, conv.b]);
    return;
  }
  for (let after = ''; ; ) {
    const members = await directory.listMembers(conv.gid, after, chunk);
    for (const { uid, since } of members) if (since > 0 && since <= seq) yield uid;
    if (members.length < chunk) return;
    after = members.at(-1)!.uid;
  }
}

async function* cursorsOf(timeline: Timeline, conv: ConvId): AsyncGenerator<Cursor> {
  for (let after = ''; ; ) {
    const cursors = await timeline.cursorsOf(conv, after, chunk);
    yield* cursors;
    if (cursors.length < chunk) return;
    after = cursors.at(-1)!.uid;
  }
}

/**
 * Receipts are computed from cursors when asked: readers and cursors are both in uid order and are walked side by side.
 * The counts are of all, the names of one page.
 */
export async function receiptsOf(
  { directory, timeline }: { readonly directory: Directory; readonly timeline: Timeline },
  { conv, since }: Readable,
  seq: number,
  paging: { limit?: number; cursor?: string },
): Promise<Receipts> {
  const { limit, after } = readPaging(paging);
  const [event] = seq < since ? [] : await timeline.range({ conv: conv.id, after: seq - 1, limit: 1 });
  if (event?.seq !== seq) throw new PetrelError('target.not-found');
  const cursors = cursorsOf(timeline, conv.id);
  let cursor = await cursors.next();
  const delivered: string[] = [];
  const read: string[] = [];
  const counts = { members: 0, delivered: 0, read: 0 };
  let shown = 0;
  let last = after;
  let next: string | undefined;
  for await (const uid of readersOf(directory, conv, seq)) {
    if (uid === event.from) continue;
    counts.members += 1;
    while (!cursor.done && cursor.value.uid < uid) cursor = await cursors.next();
    if (cursor.done || cursor.value.uid !== uid) continue;
    const hasRead = cursor.value.read >= seq;
    const hasIt = hasRead || cursor.value.delivered >= seq;
    if (!hasIt) continue;
    counts.delivered += 1;
    if (hasRead) counts.read += 1;
    if (uid <= after) continue;
    if (shown === limit) {
      next ??= toCursor(last);
      continue;
    }
    shown += 1;
    last = uid;
    delivered.push(uid);
    if (hasRead) read.push(uid);
  }
  return { delivered, read, counts, ...(next !== undefined && { next }) };
}
