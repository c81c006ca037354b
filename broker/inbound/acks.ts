import type { Route } from '../../policy/routes.ts';
import { errors, type PetrelError } from '../../schemas/errors.ts';
import type { Appended } from '../../store/timeline.ts';
import type { Receiver } from '../../worker/commit.ts';
import type { Connection } from '../connection.ts';
import { reasons } from '../gate/fault.ts';
import { ack, encodeProperties, packet, packetTypes } from '../gate/writer.ts';

/** The user property `conv` and the beginning of `seq`, as they stand in every PUBACK of one conversation. */
const prefixes = new Map<string, Buffer>();
const maxPrefixes = 10_000;

/** A user property of ASCII texts of at most 255 characters. */
const pair = (key: string, value: string): Buffer =>
  Buffer.concat([
    Buffer.of(0x26, 0, key.length),
    Buffer.from(key),
    Buffer.of(0, value.length),
    Buffer.from(value),
  ]);

function prefixOf(conv: string): Buffer {
  const known = prefixes.get(conv);
  if (known !== undefined) return known;
  if (prefixes.size >= maxPrefixes) prefixes.clear();
  const prefix = Buffer.concat([pair('conv', conv), pair('seq', '').subarray(0, -2)]);
  prefixes.set(conv, prefix);
  return prefix;
}

const tsKey = pair('ts', '').subarray(0, -2);
const dupPair = pair('dup', '1');

/** PUBACK or PUBREC of a stored send: reason 0x00 with conv, seq, ts and, for a repeat, dup. */
export function storedAck(type: number, id: number, conv: string, place: Appended): Buffer {
  const prefix = prefixOf(conv);
  const seq = String(place.seq);
  const ts = textOf(place.ts);
  const dup = place.repeat ? dupPair.length : 0;
  const properties = prefix.length + 2 + seq.length + tsKey.length + 2 + ts.length + dup;
  const propertiesLength = properties < 0x80 ? 1 : 2;
  const length = 3 + propertiesLength + properties;
  const lengthLength = length < 0x80 ? 1 : 2;
  const frame = Buffer.allocUnsafe(1 + lengthLength + length);
  frame[0] = type << 4;
  let at = putLength(frame, 1, length);
  frame[at++] = id >> 8;
  frame[at++] = id & 0xff;
  frame[at++] = 0;
  at = putLength(frame, at, properties);
  frame.set(prefix, at);
  at = putText(frame, at + prefix.length, seq);
  frame.set(tsKey, at);
  at = putText(frame, at + tsKey.length, ts);
  if (place.repeat) frame.set(dupPair, at);
  return frame;
}

let lastTs = 0;
let lastTsText = '0';

/** The events of a batch have one time as a rule. */
function textOf(ts: number): string {
  if (ts !== lastTs) {
    lastTs = ts;
    lastTsText = String(ts);
  }
  return lastTsText;
}

const putLength = (frame: Buffer, at: number, length: number): number => {
  if (length < 0x80) {
    frame[at] = length;
    return at + 1;
  }
  frame[at] = (length & 0x7f) | 0x80;
  frame[at + 1] = length >> 7;
  return at + 2;
};

const putText = (frame: Buffer, at: number, text: string): number => {
  frame[at] = 0;
  frame[at + 1] = text.length;
  for (let i = 0; i < text.length; i++) frame[at + 2 + i] = text.charCodeAt(i);
  return at + 2 + text.length;
};

/**
 * An acknowledgement of a refusal: the reason code, and where there is room a reason string that starts with the error's
 * code. [MQTT-3.4.2-2]
 */
export function refusedAck(type: number, id: number, error: PetrelError, maxBytes: number): Buffer {
  const { reason } = errors[error.code];
  const bare = ack(5, type, id, reason);
  if (maxBytes <= bare.length) return bare;
  const retry: [string, string][] =
    error.retryAfterMs === undefined ? [] : [['retry-after', String(error.retryAfterMs)]];
  const explained = packet(
    type << 4,
    Buffer.of(id >> 8, id & 0xff, reason),
    encodeProperties({
      reasonString: `${error.code}: ${error.message}`.slice(0, 1000),
      ...(retry.length === 0 ? {} : { userProperties: retry }),
    }),
  );
  return explained.length > maxBytes ? bare : explained;
}

/** One inbound PUBLISH that waits for its answer; answers leave in the order of arrival. [MQTT-4.6.0-2] */
export class PendingAck implements Receiver {
  readonly connection: Connection;
  readonly id: number;
  readonly qos: 0 | 1 | 2;
  readonly route: Route | undefined;
  /** The sender's own id of the message, for an error notice. */
  messageId: string | undefined;
  /** Whether a refusal tells its reason in words, to a client that wants them. */
  explains = true;
  /** Set when the answer is known. */
  frame: Buffer | undefined;

  constructor(connection: Connection, id: number, qos: 0 | 1 | 2, route?: Route) {
    this.connection = connection;
    this.id = id;
    this.qos = qos;
    this.route = route;
  }

  get #type(): number {
    return this.qos === 2 ? packetTypes.pubrec : packetTypes.puback;
  }

  stored(place: Appended): void {
    const { connection } = this;
    const hot = connection.context.metrics.hot;
    if (place.repeat) hot.repeats++;
    else hot.sends++;
    if (this.qos === 0) return;
    if (connection.version === 5 && connection.problemInformation) {
      this.frame = storedAck(this.#type, this.id, this.route!.conv, place);
    }
    // [MQTT-3.4.2-3] no user properties where they would make the packet larger than the client takes
    if (this.frame === undefined || this.frame.length > connection.maxPacketSize) {
      this.frame = ack(connection.version, this.#type, this.id);
    }
    connection.answers.flush();
  }

  /** A plain acknowledgement, for what is not a send. */
  done(): void {
    if (this.qos === 0) return;
    this.frame = ack(this.connection.version, this.#type, this.id);
    this.connection.answers.flush();
  }

  /** Called for refusals and for stores that are down alike. */
  failed(error: PetrelError): void {
    const { connection } = this;
    connection.context.metrics.refusals.add(1, error.code);
    if (connection.version === 5 && this.qos > 0) {
      const maxBytes = this.explains && connection.problemInformation ? connection.maxPacketSize : 0;
      this.frame = refusedAck(this.#type, this.id, error, maxBytes);
      if (this.qos === 2) connection.answers.releaseQos2(this.id);
      connection.answers.flush();
      return;
    }
    if (error.entry.reason === reasons.implementationError && this.qos > 0) {
      // MQTT 3.1.1 has no word for "later": without PUBACK the client sends again on its next connection.
      connection.end(errors[error.code].reason, error.message);
      return;
    }
    connection.notifyError(error, this.messageId);
    this.done();
  }
}
