import { ProtocolFault, reasons } from '../gate/fault.ts';
import type { PendingAck } from './acks.ts';

/** Packet ids that a client of MQTT 3 may leave without PUBREL. */
const maxInFlightOfMqtt3 = 4096;

/**
 * The QoS 1 and 2 messages of a client that are not answered yet. Answers leave in the order of arrival, however the work
 * behind them ends. [MQTT-4.6.0-2]
 */
export class Answers {
  readonly #receiveMaximum: number;
  readonly #send: (frame: Buffer) => void;
  #pending: PendingAck[] = [];
  #first = 0;
  /** QoS 1 messages without PUBACK. */
  #qos1 = 0;
  /** QoS 2 messages without PUBREL. */
  #qos2: Set<number> | undefined;
  /** Such of the session's earlier connections: they count as in flight when the client sends them again. */
  #earlier: Set<number> | undefined;
  #relieved: (() => void) | undefined;
  #settled: (() => void) | undefined;

  constructor(receiveMaximum: number, send: (frame: Buffer) => void) {
    this.#receiveMaximum = receiveMaximum;
    this.#send = send;
  }

  /** Resolves when nothing waits for its answer, or never will. */
  settled(): Promise<void> {
    if (this.#pending.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#settled = resolve;
    });
  }

  /**
   * Registers a message that will be answered. Throws ProtocolFault where the client has too many in flight; MQTT 3 knows
   * no maximum, such a client is read no further instead, and ended where it never releases its QoS 2 messages. [MQTT-3.3.4-7]
   */
  expect(pending: PendingAck, version: number): void {
    const inFlight = this.#qos1 + (this.#qos2?.size ?? 0) + (pending.qos === 1 ? 1 : 0);
    if (inFlight > (version === 5 ? this.#receiveMaximum : maxInFlightOfMqtt3)) {
      throw new ProtocolFault(
        reasons.receiveMaximumExceeded,
        'More messages in flight than the server takes.',
      );
    }
    if (pending.qos === 1) this.#qos1++;
    this.#pending.push(pending);
  }

  /** Some message has its answer: sends what is due. */
  flush(): void {
    const pending = this.#pending;
    while (this.#first < pending.length) {
      const { frame, qos } = pending[this.#first]!;
      if (frame === undefined) break;
      if (qos === 1) this.#qos1--;
      this.#send(frame);
      this.#first++;
    }
    if (this.#first === pending.length) {
      pending.length = 0;
      this.#first = 0;
      this.#settled?.();
    } else if (this.#first > 256) {
      this.#pending = pending.slice(this.#first);
      this.#first = 0;
    }
    if (this.#relieved !== undefined && !this.crowded) {
      const relieved = this.#relieved;
      this.#relieved = undefined;
      relieved();
    }
  }

  /** Whether as many wait as a client may have in flight. */
  get crowded(): boolean {
    return this.#pending.length - this.#first >= this.#receiveMaximum;
  }

  /** Resolves when few enough wait to read on. */
  whenRelieved(): Promise<void> {
    return new Promise((resolve) => {
      this.#relieved = resolve;
    });
  }

  /** Whether this QoS 2 message was received already and waits for its PUBREL; it counts as received from now on. [MQTT-4.3.3-10] */
  isRepeatedQos2(id: number): boolean {
    if (this.#qos2?.has(id) === true) return true;
    this.#qos2 ??= new Set();
    this.#qos2.add(id);
    return this.#earlier?.delete(id) ?? false;
  }

  /** A session is taken up: what its earlier connections left without PUBREL. */
  restore(received: readonly number[]): void {
    this.#earlier = new Set(received);
  }

  /**
   * The QoS 2 messages that were taken and wait for PUBREL, for the stored session: at most as many as a client may have
   * in flight, so that one that never releases is bounded. (section 4.1)
   */
  received(): number[] {
    if (this.#qos2 === undefined && this.#earlier === undefined) return [];
    const open = new Set<number>();
    for (const { qos, id, frame } of this.#pending) if (qos === 2 && frame === undefined) open.add(id);
    const taken = [...(this.#qos2 ?? [])].filter((id) => !open.has(id));
    return [...(this.#earlier ?? []), ...taken].slice(-this.#receiveMaximum);
  }

  /** Whether the answer to this QoS 2 message is still to come. */
  isPending(id: number): boolean {
    return this.#pending.some((one, i) => i >= this.#first && one.qos === 2 && one.id === id);
  }

  /** PUBREL, or a PUBREC that refused: the id is free. Answers whether it was known. */
  releaseQos2(id: number): boolean {
    return this.#qos2?.delete(id) === true || this.#earlier?.delete(id) === true;
  }

  clear(): void {
    this.#pending = [];
    this.#first = 0;
    this.#settled?.();
  }
}
