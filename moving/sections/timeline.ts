import { isUtf8 } from 'node:buffer';
import type { ConvId, Head } from '../../schemas/event.ts';
import { chunked } from '../../store/chunks.ts';
import type { Cursor, Timeline } from '../../store/timeline.ts';
import type { KeptEvent, TimelineTransfer } from '../../store/transfer.ts';
import { Checksum } from '../checksum.ts';
import { MovingError } from '../errors.ts';
import type { Lines, Position, Section } from '../section.ts';

const eventsAtOnce = 2000;
const charsAtOnce = 4 << 20;
const cursorsAtOnce = 1000;

/** `raw` is a string where it is UTF-8, as all JSON is; else in base64. */
type EventLine = Omit<KeptEvent, 'raw'> & ({ readonly raw: string } | { readonly raw64: string });

/** Behind the last event of a conversation: its head, and the checksum of the lines of its events. */
interface EndLine extends Head {
  readonly conv: ConvId;
  readonly checksum: string;
}

type Reached = Pick<EventLine, 'conv' | 'seq' | 'n' | 'ts'>;

/** The last event read, and the checksum so far of its conversation; absent once that has ended. */
type EventPosition = Reached & { readonly checksum?: string };

/** `from` is named so that the order of the members is the same everywhere. */
function eventLine({ conv, seq, n, ts, from, id, target, raw }: KeptEvent): string {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const text = isUtf8(bytes) ? { raw: bytes.toString() } : { raw64: bytes.toString('base64') };
  return JSON.stringify({ conv, seq, n, ts, from, id, target, ...text });
}

function eventOf(line: EventLine): KeptEvent {
  const { conv, seq, n, ts, from, id, target } = line;
  const raw = 'raw' in line ? Buffer.from(line.raw) : Buffer.from(line.raw64, 'base64');
  return { conv, seq, n, ts, from, id, raw, ...(target !== undefined && { target }) };
}

/** The checksums of a conversation's events and of a list of lines at once: each line is hashed once. */
class EventSums {
  #conversation: Checksum;
  #list = new Checksum();
  /** Of events since either ended. */
  #both = new Checksum();

  constructor(conversation = '0'.repeat(64)) {
    this.#conversation = Checksum.from(conversation);
  }

  add(line: string): void {
    this.#both.add(line);
  }

  /** The line at the end of a conversation is of the list alone. */
  addEnd(line: string): void {
    this.#list.add(line);
  }

  get ofConversation(): string {
    this.#settle();
    return this.#conversation.toString();
  }

  endConversation(): string {
    const text = this.ofConversation;
    this.#conversation = new Checksum();
    return text;
  }

  endList(): Checksum {
    this.#settle();
    const list = this.#list;
    this.#list = new Checksum();
    return list;
  }

  #settle(): void {
    this.#conversation.addAll(this.#both);
    this.#list.addAll(this.#both);
    this.#both = new Checksum();
  }
}

/** All events, those of a conversation one after another, and a line at the end of each conversation. */
export const eventsSection = (timeline: TimelineTransfer): Section => ({
  name: 'timeline.events',
  resumable: true,

  async *read(after?: Position): AsyncGenerator<Lines> {
    const from = after as EventPosition | undefined;
    let last: Reached | undefined = from?.checksum === undefined ? undefined : from;
    const sums = new EventSums(from?.checksum);
    const end = (): string => {
      const { conv, seq, n, ts } = last!;
      const line: EndLine = { conv, seq, n, ts, checksum: sums.endConversation() };
      const text = JSON.stringify(line);
      sums.addEnd(text);
      return text;
    };
    for await (const events of timeline.allEvents(from)) {
      const lines: string[] = [];
      for (const event of events) {
        if (last !== undefined && last.conv !== event.conv) lines.push(end());
        last = event;
        const line = eventLine(event);
        sums.add(line);
        lines.push(line);
      }
      const { conv, seq, n, ts } = last!;
      const checksum = sums.endList();
      yield { lines, checksum, position: { conv, seq, n, ts, checksum: sums.ofConversation } };
    }
    if (last === undefined) return;
    const { conv, seq, n, ts } = last;
    yield { lines: [end()], checksum: sums.endList(), position: { conv, seq, n, ts } };
  },

  async load(lines) {
    let events: KeptEvent[] = [];
    let chars = 0;
    for (const line of lines) {
      const record = JSON.parse(line) as EventLine | EndLine;
      if ('checksum' in record) continue;
      events.push(eventOf(record));
      chars += line.length;
      if (events.length < eventsAtOnce && chars < charsAtOnce) continue;
      await timeline.load(events);
      [events, chars] = [[], 0];
    }
    await timeline.load(events);
  },
});

export const cursorsSection = (timeline: Timeline & TimelineTransfer): Section => ({
  name: 'timeline.cursors',
  resumable: true,

  async *read(after?: Position): AsyncGenerator<Lines> {
    const from = after as { conv: ConvId; uid: string } | undefined;
    for await (const cursors of timeline.allCursors(from)) {
      const lines = cursors.map(({ conv, uid, delivered, read, readN }) =>
        JSON.stringify({ conv, uid, delivered, read, readN }),
      );
      const { conv, uid } = cursors.at(-1)!;
      yield { lines, position: { conv, uid } };
    }
  },

  async load(lines) {
    for (const some of chunked(lines, cursorsAtOnce)) {
      const cursors = some.map((line) => JSON.parse(line) as Cursor);
      const moved = await timeline.moveCursors(cursors);
      for (const [i, { conv, uid, delivered, read, readN }] of cursors.entries()) {
        const now = moved[i]!;
        if (now.delivered === delivered && now.read === read && now.readN === readN) continue;
        throw new MovingError(
          `the cursor of ${uid} in ${conv} cannot be where it was: ${JSON.stringify(now)}`,
        );
      }
    }
  },
});
