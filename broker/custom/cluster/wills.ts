import { decodeWill, encodeWill } from '../../../store/shared-custom/wills.ts';
import type { SharedCustom } from '../../../store/shared-custom.ts';
import type { Will } from '../../gate/connect.ts';
import type { KeptWill } from '../journal.ts';
import { decodeBody, encodeBody } from './codec.ts';
import type { Leaving } from './leaving.ts';

/** A will that this node is to send at its time. */
export interface TakenWill extends KeptWill {
  readonly token: string;
  /** When it is due, ms; undefined: its connection ended with its node, and the delay begins now. */
  readonly dueAt: number | undefined;
}

const adoptAtOnce = 100;

/** Wills of all nodes: each is kept before its CONNACK, and sent by one node, whichever dies. */
export class ClusterWills {
  readonly #shared: SharedCustom;
  readonly #node: string;
  readonly #leaving: Leaving;
  /** The will of each connection of this node. */
  readonly #tokens = new Map<string, string>();
  #last = 0;

  constructor(shared: SharedCustom, node: string, leaving: Leaving) {
    this.#shared = shared;
    this.#leaving = leaving;
    this.#node = node;
  }

  async keep(session: string, will: Will, kept: Omit<KeptWill, 'session' | 'will'>): Promise<void> {
    this.#last++;
    const token = `${this.#node}:${this.#last}`;
    this.#tokens.set(session, token);
    const { topic, payload, qos, retain, properties } = will;
    const envelope = { qos, retain, from: session, at: kept.at, ...(properties && { properties }) };
    const record = encodeWill(encodeBody({ topic, payload, envelope }), kept);
    await this.#shared.keepWill(this.#node, { session, token, record });
  }

  /** The token of the will that this node keeps for the session. */
  tokenOf(session: string): string | undefined {
    return this.#tokens.get(session);
  }

  /** It is not to be sent, or it was. */
  async drop(session: string, token: string): Promise<void> {
    await this.#settle(session, token, this.#shared.dropWill(session, token));
  }

  /** It is due then; whichever node is there then sends it. */
  async delay(session: string, token: string, dueAt: number): Promise<void> {
    await this.#settle(session, token, this.#shared.delayWill(session, token, dueAt));
  }

  /**
   * Whether the will is this node's to send. `replaced`: a newer connection's will stands in its place. Undefined: it was
   * cancelled, or is another node's.
   */
  async take(session: string, token: string): Promise<'taken' | 'replaced' | undefined> {
    const taking = this.#shared.takeWill(this.#node, session, token);
    const taken = await this.#settle(session, token, taking);
    return taken === 'replaced' ? taken : taken && 'taken';
  }

  /** Before another node takes the session up it is known what becomes of the will. */
  #settle<T>(session: string, token: string, work: Promise<T>): Promise<T> {
    if (this.#tokens.get(session) === token) this.#tokens.delete(session);
    // Whoever asks hears of a failure.
    this.#leaving.add(
      session,
      work.catch(() => undefined),
    );
    return work;
  }

  /** What an earlier connection of the session has left is this node's to send, or to drop. */
  async takeOver(session: string): Promise<TakenWill | undefined> {
    const taken = await this.#shared.takeWill(this.#node, session, undefined);
    return taken === undefined || taken === 'replaced' ? undefined : takenWill(taken);
  }

  /** The wills that a node which died has left. */
  async *adopt(dead: string): AsyncGenerator<TakenWill> {
    for (;;) {
      const wills = await this.#shared.adoptWills(dead, this.#node, adoptAtOnce);
      if (wills.length === 0) return;
      yield* wills.map(takenWill);
    }
  }
}

function takenWill({
  session,
  token,
  record,
  dueAt,
}: {
  readonly session: string;
  readonly token: string;
  readonly record: string;
  readonly dueAt?: number;
}): TakenWill {
  const { body, terms } = decodeWill(record);
  const { topic, payload, envelope } = decodeBody(body);
  const { qos, retain, at, properties } = envelope;
  const will: Will = { topic, payload, qos, retain, ...(properties && { properties }) };
  return { session, token, dueAt, at, ...terms, will };
}
