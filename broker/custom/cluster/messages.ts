import { PetrelError } from '../../../schemas/errors.ts';
import type { RetainedRecords } from '../../../store/shared-custom/records.ts';
import type { Publication, SharedEntry } from '../../../store/shared-custom.ts';
import { CustomMessage } from '../message.ts';
import { type Body, decodeBody, decodeCopy, encodeBody } from './codec.ts';
import type { Publisher } from './publisher.ts';
import type { Roster } from './roster.ts';
import type { Transport } from './transport.ts';

/** The way of a message out of this node: what it is to the others, and for whom it is. */
export class Messages {
  readonly #transport: Transport;
  readonly #records: RetainedRecords;
  readonly #roster: Roster;
  readonly #publisher: Publisher;

  constructor(transport: Transport, records: RetainedRecords, roster: Roster, publisher: Publisher) {
    this.#transport = transport;
    this.#records = records;
    this.#roster = roster;
    this.#publisher = publisher;
  }

  /**
   * Resolves when it is safe for all who are to get it; answers for how many there was no room. Rejects with `topic.quota` and
   * `store.unavailable`. `only`: for one member of this shared subscription alone.
   */
  async publish(body: Body, only?: string): Promise<number> {
    const { topic, payload, envelope } = body;
    const bytes = encodeBody(body);
    const frame = this.#transport.frame(bytes);
    const { bytes: weight } = new CustomMessage(topic, payload, envelope, 0);
    const expiry = envelope.properties?.messageExpiryInterval;
    const retains = envelope.retain && only === undefined;
    const fixed = {
      ...{ frame, bodyBytes: bytes.length, weight, live: only === undefined },
      ...(expiry !== undefined && { expiresAt: envelope.at + expiry * 1000 }),
      ...(retains && {
        retain: {
          topic,
          weight,
          ...(payload.length > 0 && { record: this.#records.record(topic, envelope.qos, bytes) }),
        },
      }),
    };
    const plan = (): Publication => ({ ...fixed, ...this.#roster.receivers(topic, envelope, only) });
    const outcome = await this.#publisher.publish(frame.length, plan);
    if (typeof outcome !== 'string') return outcome.dropped;
    const holds = outcome === 'queues-full' ? 'queues as much' : 'keeps as many retained messages';
    throw new PetrelError('topic.quota', `The server ${holds} as it may.`);
  }

  /** What a session that has ended had of shared subscriptions goes to other members. */
  async passOn(entries: readonly SharedEntry[]): Promise<void> {
    const passed: Promise<number>[] = [];
    for (const { copy: text, body, sent } of entries) {
      const { copy, share } = decodeCopy(text);
      // A QoS 2 message whose delivery has begun goes to nobody else. [MQTT-4.8.2-5]
      if (share === undefined || (copy.qos === 2 && sent !== undefined) || body.length === 0) continue;
      passed.push(this.publish(decodeBody(body), share));
    }
    await Promise.all(passed);
  }
}
