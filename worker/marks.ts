import { PetrelError, toPetrelError } from '../schemas/errors.ts';
import type { ConvId, StoredEvent } from '../schemas/event.ts';
import { isMessage, type OutgoingDocument } from '../schemas/messages.ts';
import type { DirectoryMarks, Pin } from '../store/directory.ts';
import type { Appended, Timeline } from '../store/timeline.ts';
import type { Receiver } from './commit.ts';
import { parseRaw, type RawDocument } from './raw.ts';
import { type Turns, turnOf } from './turns.ts';

export interface MarkKeeperOptions {
  readonly timeline: Pick<Timeline, 'range' | 'changes'>;
  readonly marks: DirectoryMarks;
  readonly turns: Turns;
  /** Other processes note marks, too: what was noted is held against what they stored meanwhile. */
  readonly shared?: boolean;
  /** Told of what an answer threw. */
  readonly onError: (error: unknown) => void;
}

/** Whether the directory keeps something of such an event. */
const leavesMarks = ({ type, mentions }: Pick<RawDocument, 'type' | 'mentions'>): boolean =>
  type === 'recall' || type === 'pin' || (isMessage(type) && mentions !== undefined && mentions.length > 0);

/**
 * Notes mentions and pins in the directory after the commit and before the acknowledgement. A crash between the two leaves
 * the sender without an answer: its repeat finds the event stored and notes what the event says.
 */
export class MarkKeeper {
  readonly #timeline: Pick<Timeline, 'range' | 'changes'>;
  readonly #marks: DirectoryMarks;
  readonly #turns: Turns;
  readonly #isShared: boolean;
  readonly #onError: (error: unknown) => void;
  readonly #pending = new Set<Promise<void>>();

  constructor({ timeline, marks, turns, shared = false, onError }: MarkKeeperOptions) {
    this.#timeline = timeline;
    this.#marks = marks;
    this.#turns = turns;
    this.#isShared = shared;
    this.#onError = onError;
  }

  /** Hears what became of an event, and tells the receiver when its marks are noted too; `release` ends the sender's turn. */
  before(
    receiver: Receiver,
    event: { readonly conv: ConvId; readonly from: string; readonly document: OutgoingDocument | undefined },
    release: () => void,
  ): Receiver {
    const { conv, from, document } = event;
    const marks = document !== undefined && leavesMarks(document);
    return {
      stored: (place) => {
        if (marks) {
          const noting = this.#stored(receiver, conv, from, document, place, release);
          this.#pending.add(noting);
          void noting.then(() => this.#pending.delete(noting));
        } else {
          release();
          receiver.stored(place);
        }
      },
      failed: (error) => {
        release();
        receiver.failed(error);
      },
    };
  }

  /** Resolves when what was stored until now has its marks. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #stored(
    receiver: Receiver,
    conv: ConvId,
    from: string,
    document: OutgoingDocument,
    place: Appended,
    release: () => void,
  ): Promise<void> {
    let failed: PetrelError | undefined;
    try {
      if (place.repeat) {
        release();
        await this.complete(conv, place.seq);
      } else if (isMessage(document.type)) await this.#mention(conv, place.seq);
      else await this.#change(conv, from, document, place);
    } catch (error) {
      const known = toPetrelError(error);
      if (known.code !== 'store.unavailable') this.#onError(error);
      failed = new PetrelError('store.unavailable', undefined, { cause: error });
    } finally {
      release();
    }
    try {
      if (failed === undefined) receiver.stored(place);
      else receiver.failed(failed);
    } catch (error) {
      this.#onError(error);
    }
  }

  /** A change that was stored just now; its target's turn is taken. */
  async #change(conv: ConvId, by: string, { type, body }: OutgoingDocument, place: Appended): Promise<void> {
    const seq = body.target as number;
    if (type === 'recall') return this.#marks.removeMarks(conv, seq);
    await this.#pin({ conv, seq, change: place.seq, by, at: place.ts }, body.on === true);
  }

  async #pin(pin: Pin, on: boolean): Promise<void> {
    if (on) await this.#marks.setPin(pin);
    else await this.#marks.removePin(pin.conv, pin.seq);
    if (this.#isShared) await this.#confirm(pin.conv, pin.seq, pin.change);
  }

  /**
   * What another process noted in between may be overwritten, and what it removed be there again: whoever wrote looks again,
   * so that the last who writes has seen the newest.
   */
  async #confirm(conv: ConvId, seq: number, after: number): Promise<void> {
    const event = await this.#read(conv, seq);
    if (event !== undefined && parseRaw(event).recalled === true) return this.#marks.removeMarks(conv, seq);
    await this.#pinAsStored(conv, seq, after);
  }

  /** Notes what a stored event says, whatever was noted of it before. */
  async complete(conv: ConvId, seq: number): Promise<void> {
    const event = await this.#read(conv, seq);
    if (event === undefined) return;
    const { type, body } = parseRaw(event);
    const target = body?.target;
    if (isMessage(type)) await this.#mention(conv, seq);
    else if ((type === 'recall' || type === 'pin') && typeof target === 'number')
      await this.#restore(conv, target);
  }

  async #mention(conv: ConvId, seq: number): Promise<void> {
    // A recall that was quicker has taken the mentions out: the event is read again in its turn.
    await this.#inTurn(conv, seq, async () => {
      const event = await this.#read(conv, seq);
      if (event === undefined) return;
      const { mentions } = parseRaw(event);
      if (mentions === undefined || mentions.length === 0) return;
      await this.#marks.addMentions({ conv, seq, n: event.n, from: event.from, uids: mentions });
      const now = this.#isShared ? await this.#read(conv, seq) : undefined;
      if (now !== undefined && parseRaw(now).recalled === true) await this.#marks.removeMarks(conv, seq);
    });
  }

  /** Puts the marks of a message as all its changes together say. */
  async #restore(conv: ConvId, seq: number): Promise<void> {
    await this.#inTurn(conv, seq, async () => {
      const event = await this.#read(conv, seq);
      if (event === undefined) return;
      if (parseRaw(event).recalled === true) return this.#marks.removeMarks(conv, seq);
      await this.#pinAsStored(conv, seq, 0);
    });
  }

  /** Notes what the newest pin change behind `after` says. */
  async #pinAsStored(conv: ConvId, seq: number, after: number): Promise<void> {
    const changes = await this.#timeline.changes(conv, seq, seq, after);
    const change = changes.findLast((one) => parseRaw(one).type === 'pin');
    if (change === undefined) return;
    const pin = { conv, seq, change: change.seq, by: change.from, at: change.ts };
    await this.#pin(pin, parseRaw(change).body?.on === true);
  }

  async #inTurn(conv: ConvId, seq: number, work: () => Promise<void>): Promise<void> {
    const end = await this.#turns.take(turnOf(conv, seq));
    try {
      await work();
    } finally {
      end();
    }
  }

  async #read(conv: ConvId, seq: number): Promise<StoredEvent | undefined> {
    const [event] = await this.#timeline.range({ conv, after: seq - 1, limit: 1 });
    return event?.seq === seq ? event : undefined;
  }
}
