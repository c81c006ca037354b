/** A message as it is kept. The same object is stored once, however many entries refer to it. */
export interface CustomRecord {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** The session it came from. */
  readonly from: string;
  /** When it was taken, ms. */
  readonly at: number;
  /** Its MQTT 5 properties, in a text form that the broker chooses. */
  readonly properties?: string;
}

/** A QoS 1 or 2 message that a persistent session has still to acknowledge. */
export interface CustomEntry {
  /** The session's key. */
  readonly session: string;
  readonly message: CustomRecord;
  readonly qos: 1 | 2;
  readonly retain: boolean;
  readonly identifiers?: readonly number[];
  /** The shared subscription it came by. */
  readonly share?: string;
  /** The packet id under which it was sent; absent while it waits. */
  readonly packetId?: number;
}

/** An entry as it was found at the start. */
export interface KeptEntry extends CustomEntry {
  readonly id: number;
  /** Whether PUBREC has come: only PUBREL and PUBCOMP are missing. */
  readonly received: boolean;
}

/**
 * Retained messages and what persistent sessions have still to get of custom topics.
 *
 * Guarantees: calls take effect in their order, at once for the caller and together in transactions. When `written` resolves,
 * all that was asked for before is durable: it survives `kill -9` and the end of the power. When it rejects (PetrelError
 * `store.unavailable`), the entries added and the messages retained since the last transaction are not stored and are forgotten;
 * what was removed or changed is tried again with the next. Without `written` the store writes `add`, `retain` and `received`
 * soon, and all else lazily: a crash then costs a repeat, never a message. What it holds is bounded by those who call.
 */
export interface CustomStore {
  /** What an earlier process left; before anything is added. Those in flight in the order of sending, then those that wait, in theirs. */
  entries(): AsyncIterable<KeptEntry>;
  /** The retained messages an earlier process left. */
  retained(): AsyncIterable<CustomRecord>;
  /** Adds an entry behind all others of its session; answers its id. */
  add(entry: CustomEntry): number;
  /** The entry was sent under this packet id. Ids that are not there are passed over, here and below. */
  sent(id: number, packetId: number): void;
  /** PUBREC came for the entry. */
  received(id: number): void;
  remove(id: number): void;
  /** Keeps the message as its topic's. */
  retain(message: CustomRecord): void;
  /** Removes what the topic retains. */
  clear(topic: string): void;
  /** Keeps the will of a connected session (`from`); lazily, like its removal. */
  will(message: CustomRecord): void;
  dropWill(session: string): void;
  /** The wills of those who were connected when an earlier process ended. */
  wills(): AsyncIterable<CustomRecord>;
  written(): Promise<void>;
  /** Rejects with `store.unavailable` while nothing can be written. */
  check(): Promise<void>;
  /** Writes what is left, and ends. */
  close(): Promise<void>;
}
