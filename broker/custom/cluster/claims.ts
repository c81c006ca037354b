import { PetrelError } from '../../../schemas/errors.ts';
import type { SharedCustom, SharedEntry } from '../../../store/shared-custom.ts';
import { CustomMessage } from '../message.ts';
import type { Subscriber } from '../subscriber.ts';
import { decodeBody, decodeCopy } from './codec.ts';
import type { Claim, Ledger } from './ledger.ts';

/** An entry that the feed told of, with its message. */
interface Arrival {
  readonly id: number;
  readonly copy: string;
  readonly message: CustomMessage;
}

interface Session {
  readonly subscriber: Subscriber;
  readonly token: string;
  /** Absent until the store has answered. */
  claim: Claim | undefined;
  /** What came while it was read; undefined when it is whole. */
  held: Arrival[] | undefined;
}

/** Sessions that are read anew at once. */
const readAtOnce = 16;

/** The sessions whose entries come to this node: each entry once, in order, whether the feed or the store brings it. */
export class Claims {
  readonly #shared: SharedCustom;
  readonly #ledger: Ledger;
  readonly #node: string;
  readonly #sessions = new Map<string, Session>();
  #lastToken = 0;
  /** How often everything was read anew. */
  #round = 0;

  constructor(shared: SharedCustom, ledger: Ledger, node: string) {
    this.#shared = shared;
    this.#ledger = ledger;
    this.#node = node;
  }

  has(key: string): boolean {
    return this.#sessions.has(key);
  }

  /** The session is this node's: the subscriber has all of its messages, and gets what comes. */
  async claim(subscriber: Subscriber): Promise<void> {
    const { key } = subscriber;
    this.#lastToken++;
    const token = `${this.#node}:${this.#lastToken}`;
    const round = this.#round;
    const session: Session = { subscriber, token, claim: undefined, held: [] };
    this.#sessions.set(key, session);
    try {
      const { last, entries } = await this.#shared.claim(key, this.#node, token);
      if (this.#sessions.get(key) !== session) throw new PetrelError('store.unavailable');
      const inOrder = entries.filter(({ body }) => body.length > 0).sort(byPlace);
      const lowest = Math.min(0, ...entries.map(({ id }) => id));
      const places = Math.max(0, ...entries.map(({ sent }) => sent?.place ?? 0));
      session.claim = this.#ledger.open(key, token, last, lowest, places);
      for (const entry of inOrder) this.#restore(session, entry);
      this.#releaseHeld(session);
      // What the feed missed while the answer was on its way.
      if (round !== this.#round) await this.#read(session, () => {});
    } catch (error) {
      if (this.#sessions.get(key) === session) this.#sessions.delete(key);
      throw error;
    }
  }

  #restore({ subscriber, claim }: Session, entry: SharedEntry): void {
    const { copy, share } = decodeCopy(entry.copy);
    const { topic, payload, envelope } = decodeBody(entry.body);
    subscriber.restore(new CustomMessage(topic, payload, envelope, 0), {
      ...{ id: this.#ledger.handle(claim!, entry.id), qos: copy.qos as 1 | 2, retain: copy.retain },
      ...(copy.identifiers !== undefined && { identifiers: copy.identifiers }),
      ...(share !== undefined && { share }),
      ...(entry.sent !== undefined && { packetId: entry.sent.packetId }),
      received: entry.received,
    });
  }

  #releaseHeld(session: Session): void {
    const held = session.held ?? [];
    session.held = undefined;
    for (const arrival of held.sort((a, b) => a.id - b.id)) this.#take(session, arrival);
  }

  #take({ subscriber, claim }: Session, { id, copy: text, message }: Arrival): void {
    if (id <= claim!.last) return;
    claim!.last = id;
    const { copy, share } = decodeCopy(text);
    subscriber.arrive(message, copy, share, this.#ledger.handle(claim!, id));
  }

  /** The feed told of an entry; of other nodes' sessions too. */
  arrived(key: string, id: number, copy: string, message: CustomMessage): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    if (session.held === undefined) this.#take(session, { id, copy, message });
    else session.held.push({ id, copy, message });
  }

  /** The feed missed something: reads what all sessions have got meanwhile. Calls for those that are not this node's any more. */
  async readAnew(lost: (claim: Claim) => void): Promise<void> {
    this.#round++;
    const sessions = [...this.#sessions.values()].filter(({ claim, held }) => claim && held === undefined);
    const next = async (): Promise<void> => {
      for (let one = sessions.pop(); one !== undefined; one = sessions.pop()) await this.#read(one, lost);
    };
    await Promise.all(Array.from({ length: readAtOnce }, next));
  }

  async #read(session: Session, lost: (claim: Claim) => void): Promise<void> {
    const { subscriber, token, claim } = session;
    if (this.#sessions.get(subscriber.key) !== session) return;
    session.held = [];
    try {
      const entries = await this.#shared.entriesAfter(subscriber.key, token, claim!.last);
      if (this.#sessions.get(subscriber.key) !== session) return;
      if (entries === undefined) {
        lost(claim!);
        return;
      }
      for (const { id, copy, body } of entries) {
        if (body.length === 0) continue;
        const { topic, payload, envelope } = decodeBody(body);
        session.held.push({ id, copy, message: new CustomMessage(topic, payload, envelope, 0) });
      }
    } finally {
      this.#releaseHeld(session);
    }
  }

  /** Nothing more comes for the session here. `forget`: its entries are gone, or another node's. */
  async end(key: string, forget = false): Promise<void> {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    this.#sessions.delete(key);
    const { claim, token } = session;
    // The answer to a claim that is on its way finds that nobody wants it.
    const ended = claim ?? this.#ledger.open(key, token, 0, 0, 0);
    await this.#ledger.end(ended, forget);
  }
}

/** Those in flight in the order of sending, then those that wait, in theirs. */
function byPlace(a: SharedEntry, b: SharedEntry): number {
  const left = a.sent?.place ?? Number.POSITIVE_INFINITY;
  const right = b.sent?.place ?? Number.POSITIVE_INFINITY;
  return left === right ? a.id - b.id : left - right;
}
