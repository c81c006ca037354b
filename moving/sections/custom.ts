import { hash } from 'node:crypto';
import type { CustomRecord } from '../../store/custom.ts';
import type { CustomTransfer, MovedEntry } from '../../store/transfer.ts';
import type { Lines, Section } from '../section.ts';

const recordsAtOnce = 200;
const bytesAtOnce = 1 << 20;

/** A message: `payload` in base64. */
type RecordLine = Omit<CustomRecord, 'payload'> & { readonly payload: string };

const recordFields = ({ topic, payload, qos, retain, from, at, properties }: CustomRecord): RecordLine => ({
  ...{ topic, payload: Buffer.from(payload).toString('base64'), qos, retain, from, at },
  ...(properties !== undefined && { properties }),
});

const recordOf = ({ payload, ...rest }: RecordLine): CustomRecord => ({
  ...rest,
  payload: Buffer.from(payload, 'base64'),
});

const lineRecord = (line: string): CustomRecord => recordOf(JSON.parse(line) as RecordLine);

/** In lists of bounded size. */
async function* inLists(lines: AsyncIterable<string>): AsyncGenerator<Lines> {
  let list: string[] = [];
  let size = 0;
  for await (const line of lines) {
    list.push(line);
    size += line.length;
    if (list.length < recordsAtOnce && size < bytesAtOnce) continue;
    yield { lines: list, position: {} };
    [list, size] = [[], 0];
  }
  if (list.length > 0) yield { lines: list, position: {} };
}

async function* recordLines(records: AsyncIterable<CustomRecord>): AsyncGenerator<string> {
  for await (const record of records) yield JSON.stringify(recordFields(record));
}

/** What topics retain. */
export const retainedSection = (custom: CustomTransfer): Section => ({
  name: 'custom.retained',
  resumable: false,
  read: () => inLists(recordLines(custom.retained())),
  load: (lines) => custom.loadRetained(lines.map(lineRecord)),
});

/** Wills of those who were connected when the server died, or whose time had not come. */
export const willsSection = (custom: CustomTransfer): Section => ({
  name: 'custom.wills',
  resumable: false,
  read: () => inLists(recordLines(custom.wills())),
  load: (lines) => custom.loadWills(lines.map(lineRecord)),
});

/** A message, before the first entry that names it; `message` is the beginning of its SHA-256. */
type MessageLine = RecordLine & { readonly message: string };

/** An entry; `place` counts those of its session. */
type EntryLine = Omit<MovedEntry, 'message'> & { readonly message: string; readonly place: number };

async function* queuedLines(custom: CustomTransfer): AsyncGenerator<string> {
  const told = new Set<string>();
  const names = new WeakMap<CustomRecord, string>();
  const places = new Map<string, number>();
  for await (const entry of custom.entries()) {
    const { session, message, qos, retain, identifiers, share, packetId, received } = entry;
    const name = names.get(message) ?? hash('sha256', JSON.stringify(recordFields(message))).slice(0, 32);
    names.set(message, name);
    if (!told.has(name)) yield JSON.stringify({ message: name, ...recordFields(message) });
    told.add(name);
    const place = places.get(session) ?? 0;
    places.set(session, place + 1);
    const line: EntryLine = {
      ...{ session, place, message: name, qos, retain, received },
      ...(identifiers !== undefined && { identifiers }),
      ...(share !== undefined && { share }),
      ...(packetId !== undefined && { packetId }),
    };
    yield JSON.stringify(line);
  }
}

/** Messages that persistent sessions have still to acknowledge, in the order of each. */
export function queuedSection(custom: CustomTransfer): Section {
  /** As in the server, the messages that are queued are in memory. */
  const messages = new Map<string, CustomRecord>();
  return {
    name: 'custom.queued',
    resumable: false,
    read: () => inLists(queuedLines(custom)),

    async load(lines) {
      const entries: MovedEntry[] = [];
      for (const line of lines) {
        const record = JSON.parse(line) as MessageLine | EntryLine;
        if (!('place' in record)) {
          const { message, ...fields } = record;
          messages.set(message, recordOf(fields));
          continue;
        }
        const { place: _, message, ...entry } = record;
        entries.push({ ...entry, message: messages.get(message)! });
      }
      await custom.loadEntries(entries);
    },

    async clear() {
      messages.clear();
      await custom.clearEntries();
    },
  };
}
