import { setTimeout } from 'node:timers/promises';
import { isChange } from '../schemas/messages.ts';
import type { DirectoryMarks, DirectoryRemovals, Removal, Trace } from '../store/directory.ts';
import type { Submission, Timeline } from '../store/timeline.ts';
import type { Committer } from './committer.ts';
import { parseRaw } from './raw.ts';

/** Events that are read, and bodies that are taken out, at a time. */
const page = 100;
const erasedAtOnce = 200;
/** A breath after each page, ms, so that a long conversation does not hold up others; and pages between two notes of how far it is. */
const pauseMs = 1;
const pagesBetweenNotes = 50;
const maxPinPage = 1000;

const writtenByServer: ReadonlySet<string> = new Set(['member', 'group', 'system']);

type Replacement = NonNullable<Submission['replaces']>[number];

export interface EraseOptions {
  readonly timeline: Pick<Timeline, 'range'>;
  readonly directory: Pick<DirectoryRemovals, 'putTrace'> &
    Pick<DirectoryMarks, 'pins' | 'removeMarks' | 'readMentions'>;
  readonly committer: Pick<Committer, 'submit'>;
  /** Ends it after the page in hand; what is left is for the next call. */
  readonly signal?: AbortSignal;
}

/**
 * Takes the bodies out of all that a removed user said in a conversation, durably and as a recall does it, and tells the
 * conversation by an event of the server. It goes on from where the trace is, and may be repeated: the ids of its events are
 * made of the removal, and an event with such an id is stored together with what it takes out, or not at all.
 */
export async function erase(
  { timeline, directory, committer, signal }: EraseOptions,
  { uid, id }: Pick<Removal, 'uid' | 'id'>,
  { conv, seq, told }: Trace,
): Promise<void> {
  const prefix = `x-${id}-`;
  await directory.readMentions(conv, uid, Number.MAX_SAFE_INTEGER);
  let trace = { conv, seq, told };
  let after = seq;
  let found: Replacement[] = [];
  for (let pages = 1; ; pages++) {
    const events = await timeline.range({ conv, after, limit: page });
    for (const event of events) {
      after = event.seq;
      if (event.from === 'system' && !trace.told)
        trace = { ...trace, told: parseRaw(event).id.startsWith(prefix) };
      if (event.from !== uid) continue;
      const { id: own, type, body, recalled, mentions } = parseRaw(event);
      if (recalled === true || writtenByServer.has(type) || (isChange(type) && type !== 'edit')) continue;
      // Marks go first, here and below: what is stored as recalled is not looked at again.
      if (mentions !== undefined) await directory.removeMarks(conv, after);
      const kept = type === 'edit' ? { body: { target: body?.target } } : {};
      const raw = Buffer.from(JSON.stringify({ id: own, type, ...kept, recalled: true }));
      found.push({ seq: after, raw });
    }
    const atEnd = events.length < page;
    if (found.length >= erasedAtOnce || (atEnd && (found.length > 0 || !trace.told))) {
      if (found.length > 0) await unpin(directory, conv, found);
      const eventId = `${prefix}${found.at(-1)?.seq ?? 0}`;
      const body = { action: 'user-removed', uid };
      const place = await committer.submit({
        conv,
        from: 'system',
        id: eventId,
        counts: false,
        raw: Buffer.from(JSON.stringify({ id: eventId, type: 'system', body })),
        ...(found.length > 0 && { replaces: found }),
      });
      found = [];
      if (place.seq === after + 1) after = place.seq;
      trace = { conv, seq: after, told: true };
      await directory.putTrace(uid, trace);
      // What came between the page and the event is looked at too.
      if (atEnd && place.seq === after) return;
    } else if (atEnd) {
      if (after > trace.seq) await directory.putTrace(uid, { ...trace, seq: after });
      return;
    } else if (pages % pagesBetweenNotes === 0 && found.length === 0) {
      trace = { ...trace, seq: after };
      await directory.putTrace(uid, trace);
    }
    if (signal?.aborted) return;
    await setTimeout(pauseMs);
  }
}

async function unpin(
  directory: Pick<DirectoryMarks, 'pins' | 'removeMarks'>,
  conv: string,
  erased: readonly Replacement[],
): Promise<void> {
  const seqs = new Set(erased.map(({ seq }) => seq));
  for (const { seq } of await directory.pins(conv, Number.MAX_SAFE_INTEGER, maxPinPage))
    if (seqs.has(seq)) await directory.removeMarks(conv, seq);
}
