import type { CustomRecord, CustomStore, KeptEntry } from '../../store/custom.ts';
import type { WillTerms, WillText } from '../../store/shared-custom/wills.ts';
import type { Will } from '../gate/connect.ts';
import type { Envelope, RetainedPacket } from './aedes.ts';
import type { Copy, CustomMessage } from './message.ts';
import { decodeText, encodeText } from './properties.ts';
import type { RetainedKeeper } from './retained.ts';

/** Who has entries: told of one that could not be stored. */
export interface EntryOwner {
  readonly key: string;
  lost(entry: number): void;
}

/** What subscribers say of the messages that persistent sessions have still to acknowledge, each an entry. */
export interface EntryKeeper {
  /** Adds an entry behind the others of its session: in flight where it has a packet id. */
  add(
    owner: EntryOwner,
    message: CustomMessage,
    copy: Copy,
    share: string | undefined,
    packetId: number | undefined,
  ): number;
  /** Resolves when all until now is durable. */
  written(): Promise<void>;
  /** Entry 0 is none, here and below. */
  sent(entry: number, packetId: number): void;
  /** Resolves when it is durable. */
  received(entry: number): Promise<void>;
  remove(entry: number): void;
}

/** A will that is kept for the case that the server dies. */
export interface KeptWill extends WillTerms {
  readonly session: string;
  readonly will: Will;
  /** When the client connected, ms. */
  readonly at: number;
}

/** A message as the store sees it; the payload is the message's own, which `keep` may replace. */
class Kept implements CustomRecord {
  readonly #message: Pick<CustomMessage, 'topic' | 'payload'>;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly from: string;
  readonly at: number;
  readonly properties?: string;

  constructor(message: Pick<CustomMessage, 'topic' | 'payload'>, envelope: Envelope) {
    this.#message = message;
    this.qos = envelope.qos;
    this.retain = envelope.retain;
    this.from = envelope.from;
    this.at = envelope.at;
    if (envelope.properties !== undefined) this.properties = encodeText(envelope.properties);
  }

  get topic(): string {
    return this.#message.topic;
  }

  get payload(): Buffer {
    return this.#message.payload;
  }
}

/** A stored message's parts. */
export function restored(record: CustomRecord): { topic: string; payload: Buffer; envelope: Envelope } {
  const { topic, payload, qos, retain, from, at, properties } = record;
  return {
    topic,
    payload: Buffer.from(payload.buffer, payload.byteOffset, payload.length),
    envelope: {
      qos,
      retain,
      from,
      at,
      ...(properties === undefined ? {} : { properties: decodeText(properties) }),
    },
  };
}

/**
 * What persistent sessions have still to acknowledge, as entries of the store: written when a message is queued or sent, removed
 * when it is acknowledged. What is acknowledged before its transaction begins is never written.
 */
export class Journal implements EntryKeeper, RetainedKeeper {
  readonly #store: CustomStore;
  readonly #onError: (error: unknown) => void;
  readonly #records = new WeakMap<CustomMessage, CustomRecord>();
  /** The transaction that is being collected, and what it adds. */
  #written: Promise<void> | undefined;
  #added: (readonly [EntryOwner, number])[] = [];
  /** Whether the last transaction failed: what needs the store is refused before anybody gets it. */
  failing = false;

  constructor(store: CustomStore, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  entries(): AsyncIterable<KeptEntry> {
    return this.#store.entries();
  }

  /** The entry's message, as those that are loaded share it with later entries. */
  adopt(message: CustomMessage, record: CustomRecord): void {
    this.#records.set(message, record);
  }

  add(
    owner: EntryOwner,
    message: CustomMessage,
    copy: Copy,
    share: string | undefined,
    packetId: number | undefined,
  ): number {
    let record = this.#records.get(message);
    if (record === undefined) {
      record = new Kept(message, message.envelope);
      this.#records.set(message, record);
    }
    const entry = this.#store.add({
      ...{ session: owner.key, message: record, qos: copy.qos as 1 | 2, retain: copy.retain },
      ...(copy.identifiers === undefined ? {} : { identifiers: copy.identifiers }),
      ...(share === undefined ? {} : { share }),
      ...(packetId === undefined ? {} : { packetId }),
    });
    this.written();
    this.#added.push([owner, entry]);
    return entry;
  }

  /** Resolves when all until now is durable; those who call in one turn get the same promise. */
  written(): Promise<void> {
    const written = this.#store.written();
    if (written !== this.#written) {
      this.#written = written;
      const added: (readonly [EntryOwner, number])[] = [];
      this.#added = added;
      written.catch((error: unknown) => {
        // Told once for every time that it is tried anew, not for each message.
        if (!this.failing) this.#onError(error);
        this.failing = true;
        for (const [owner, entry] of added) owner.lost(entry);
      });
    }
    return written;
  }

  sent(entry: number, packetId: number): void {
    if (entry !== 0) this.#store.sent(entry, packetId);
  }

  received(entry: number): Promise<void> {
    this.#store.received(entry);
    return this.written();
  }

  remove(entry: number): void {
    if (entry !== 0) this.#store.remove(entry);
  }

  async storeRetained({ topic, payload, qos, properties }: RetainedPacket): Promise<void> {
    if (payload.length === 0) this.#store.clear(topic);
    else {
      const envelope = properties ?? { qos, retain: true, from: '', at: Date.now() };
      this.#store.retain(new Kept({ topic, payload }, envelope));
    }
    await this.written();
  }

  async *retained(): AsyncGenerator<RetainedPacket> {
    for await (const record of this.#store.retained()) {
      const { topic, payload, envelope } = restored(record);
      yield { topic, payload, qos: envelope.qos, properties: envelope };
    }
  }

  will(session: string, will: Will, kept: Omit<KeptWill, 'session' | 'will'>): Promise<void> {
    const { properties, ...message } = will;
    const { delaySeconds, scopes, at } = kept;
    const text: WillText = { delaySeconds, scopes, properties: encodeText(properties ?? {}) };
    this.#store.will({ ...message, from: session, at, properties: JSON.stringify(text) });
    return this.written();
  }

  dropWill(session: string): void {
    this.#store.dropWill(session);
  }

  willSent(session: string): void {
    this.#store.dropWill(session);
    this.written();
  }

  async *wills(): AsyncGenerator<KeptWill> {
    for await (const { properties: text, from: session, at, payload, ...message } of this.#store.wills()) {
      const { properties, delaySeconds, scopes } = JSON.parse(text!) as WillText;
      const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
      yield {
        ...{ session, at, delaySeconds, scopes },
        will: { ...message, payload: bytes, properties: decodeText(properties) },
      };
    }
  }

  check(): Promise<void> {
    return this.#store.check();
  }
}
