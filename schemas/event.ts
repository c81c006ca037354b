import { isUid } from './identity.ts';

/** `u:{a}:{b}` with the two uids in ascending order, or `g:{gid}`. */
export type ConvId = string;

/** A parsed conversation id. */
export type Conv =
  | { readonly kind: 'direct'; readonly id: ConvId; readonly a: string; readonly b: string }
  | { readonly kind: 'group'; readonly id: ConvId; readonly gid: string };

/** The conversation of two users; one may talk to oneself. */
export const directConv = (a: string, b: string): ConvId => (a < b ? `u:${a}:${b}` : `u:${b}:${a}`);

export const groupConv = (gid: string): ConvId => `g:${gid}`;

/** Undefined for anything that is not exactly a conversation id. */
export function parseConv(id: string): Conv | undefined {
  const parts = id.split(':');
  if (parts[0] === 'g' && parts.length === 2 && isUid(parts[1]!))
    return { kind: 'group', id, gid: parts[1]! };
  if (parts[0] !== 'u' || parts.length !== 3) return undefined;
  const [, a, b] = parts as [string, string, string];
  return isUid(a) && isUid(b) && a <= b ? { kind: 'direct', id, a, b } : undefined;
}

/** The other user of a direct conversation as `uid` sees it; `uid` itself in the conversation with oneself. */
export const peerOf = (conv: Extract<Conv, { kind: 'direct' }>, uid: string): string =>
  conv.a === uid ? conv.b : conv.a;

/** The newest event of a conversation: its seq, the count of messages up to it, and its time (ms). */
export interface Head {
  readonly seq: number;
  readonly n: number;
  readonly ts: number;
}

/**
 * An event as it is stored. `raw` is the sender's JSON object in UTF-8, `{"id":…,"type":…,"body":…}`, already checked
 * against its schema; on the wire the head is spliced in front of it (see eventBytes).
 */
export interface StoredEvent extends Head {
  readonly conv: ConvId;
  readonly from: string;
  readonly raw: Uint8Array;
}

/** An event as clients see it. */
export interface EventDocument extends Head {
  readonly conv: ConvId;
  readonly from: string;
  readonly id: string;
  readonly type: string;
  readonly body?: Record<string, unknown>;
  readonly [member: string]: unknown;
}

/** The server's part of an event's JSON, up to and including the comma before the sender's own members. */
export const eventHead = (event: Omit<StoredEvent, 'raw'>): string =>
  `{"conv":"${event.conv}","seq":${event.seq},"n":${event.n},"ts":${event.ts},"from":"${event.from}",`;

/** The event's JSON as it goes over the wire: the server's members, then the sender's own bytes. */
export function eventBytes(event: StoredEvent): Buffer {
  const head = eventHead(event);
  const bytes = Buffer.allocUnsafe(head.length + event.raw.length - 1);
  bytes.write(head, 0, 'latin1');
  bytes.set(event.raw.subarray(1), head.length);
  return bytes;
}

/** The event as an object, for answers that are built from objects. */
export function eventDocument(event: StoredEvent): EventDocument {
  const { raw, ...head } = event;
  return {
    ...head,
    ...(JSON.parse(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8')) as object),
  } as EventDocument;
}
