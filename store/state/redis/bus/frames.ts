import type { StoredEvent } from '../../../../schemas/event.ts';
import type { BusMessage } from '../../../bus.ts';

/**
 * What is published on a channel: one frame behind the other, each a kind and what belongs to it. Numbers are little-endian,
 * seq, n and ts doubles. Events are bytes so that no JSON is written or read for them.
 */
const kinds = { event: 1, message: 2, beat: 3, loss: 4 } as const;
const rewritesFlag = 1;
/** kind, flags, lengths of conv (2), from (1) and raw (4), seq, n, ts. */
const eventHeadBytes = 1 + 1 + 2 + 1 + 4 + 24;

/** Who hears what a channel brought. */
export interface FrameReceiver {
  event(event: StoredEvent, rewrites: boolean): void;
  message(message: BusMessage): void;
  /** A node's own heartbeat came back. */
  beat(number: number): void;
  /** A node could not tell something. */
  loss(): void;
}

/** How many bytes `putEvent` writes. */
export const eventSize = ({ conv, from, raw }: StoredEvent): number =>
  eventHeadBytes + conv.length + from.length + raw.length;

export function putEvent(bytes: Buffer, start: number, event: StoredEvent, rewrites: boolean): void {
  const { conv, from, raw } = event;
  bytes[start] = kinds.event;
  bytes[start + 1] = rewrites ? rewritesFlag : 0;
  bytes.writeUInt16LE(conv.length, start + 2);
  bytes[start + 4] = from.length;
  bytes.writeUInt32LE(raw.length, start + 5);
  bytes.writeDoubleLE(event.seq, start + 9);
  bytes.writeDoubleLE(event.n, start + 17);
  bytes.writeDoubleLE(event.ts, start + 25);
  let at = putAscii(bytes, start + eventHeadBytes, conv);
  at = putAscii(bytes, at, from);
  bytes.set(raw, at);
}

/** For short texts this is faster than a call out of JavaScript. */
export function putAscii(bytes: Buffer, start: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[start + i] = text.charCodeAt(i);
  return start + text.length;
}

export function messageFrame(message: BusMessage): Buffer {
  const json = JSON.stringify(message);
  const length = Buffer.byteLength(json);
  const frame = Buffer.allocUnsafe(5 + length);
  frame[0] = kinds.message;
  frame.writeUInt32LE(length, 1);
  frame.write(json, 5);
  return frame;
}

export function beatFrame(number: number): Buffer {
  const frame = Buffer.allocUnsafe(9);
  frame[0] = kinds.beat;
  frame.writeDoubleLE(number, 1);
  return frame;
}

export const lossFrame = (): Buffer => Buffer.of(kinds.loss);

/** Gives what was published on a channel to the receiver, in order. Throws on what no Petrel published. */
export function readFrames(bytes: Buffer, receiver: FrameReceiver): void {
  let at = 0;
  while (at < bytes.length) {
    switch (bytes[at]) {
      case kinds.event: {
        const convAt = at + eventHeadBytes;
        const fromAt = convAt + bytes.readUInt16LE(at + 2);
        const rawAt = fromAt + bytes[at + 4]!;
        const end = rawAt + bytes.readUInt32LE(at + 5);
        const event: StoredEvent = {
          conv: bytes.toString('latin1', convAt, fromAt),
          seq: bytes.readDoubleLE(at + 9),
          n: bytes.readDoubleLE(at + 17),
          ts: bytes.readDoubleLE(at + 25),
          from: bytes.toString('latin1', fromAt, rawAt),
          raw: bytes.subarray(rawAt, end),
        };
        receiver.event(event, (bytes[at + 1]! & rewritesFlag) !== 0);
        at = end;
        break;
      }
      case kinds.message: {
        const end = at + 5 + bytes.readUInt32LE(at + 1);
        receiver.message(JSON.parse(bytes.toString('utf8', at + 5, end)) as BusMessage);
        at = end;
        break;
      }
      case kinds.beat:
        receiver.beat(bytes.readDoubleLE(at + 1));
        at += 9;
        break;
      case kinds.loss:
        receiver.loss();
        at += 1;
        break;
      default:
        throw new Error(`No frame of the bus begins with ${bytes[at]}`);
    }
  }
}
