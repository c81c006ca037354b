import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { type Static, type TObject, Type } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { PetrelError } from './errors.ts';
import { uidPattern } from './identity.ts';

const strict = { additionalProperties: false } as const;
const seq = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const name = Type.String({ minLength: 1, maxLength: 255 });

const text = Type.Object({ text: Type.String({ minLength: 1 }) }, strict);
const media = Type.Object(
  {
    file: Type.String({ minLength: 1, maxLength: 1024 }),
    name: Type.Optional(name),
    mime: Type.Optional(Type.String({ minLength: 1, maxLength: 127 })),
    size: Type.Optional(Type.Integer({ minimum: 0 })),
    width: Type.Optional(Type.Integer({ minimum: 0 })),
    height: Type.Optional(Type.Integer({ minimum: 0 })),
    duration: Type.Optional(Type.Number({ minimum: 0 })),
    thumb: Type.Optional(Type.String({ minLength: 1 })),
  },
  strict,
);
const location = Type.Object(
  {
    lat: Type.Number({ minimum: -90, maximum: 90 }),
    lng: Type.Number({ minimum: -180, maximum: 180 }),
    name: Type.Optional(name),
  },
  strict,
);
const custom = Type.Object({ kind: Type.String({ minLength: 1, maxLength: 64 }) });

/** The bodies of messages: what counts in `n` and in unread. */
export const messageBodies = {
  text,
  image: media,
  file: media,
  audio: media,
  video: media,
  location,
  custom,
} as const;

/** What people answer to a message with: an emoji, or a short word. No spaces, no control characters. */
const emoji = Type.String({ minLength: 1, maxLength: 32, pattern: '^[^\\p{Cc}\\p{Cs}\\p{Z}]+$' });

/** The bodies of changes to an earlier message, `target` being its seq. */
export const changeBodies = {
  edit: Type.Object({ target: seq, body: Type.Object({}) }, strict),
  recall: Type.Object({ target: seq }, strict),
  react: Type.Object({ target: seq, emoji, on: Type.Boolean() }, strict),
  pin: Type.Object({ target: seq, on: Type.Boolean() }, strict),
} as const;

export type MessageType = keyof typeof messageBodies;
export type ChangeType = keyof typeof changeBodies;

/** Whether events of this type are messages: what is counted, edited, recalled and forwarded. */
export const isMessage = (type: string): type is MessageType => Object.hasOwn(messageBodies, type);

/** A client's own id of a message. */
export const messageIdPattern = /^[A-Za-z0-9_.:-]{1,64}$/;

export const sendSchema = <T extends string, B extends TObject>(type: T, body: B) =>
  Type.Object(
    {
      id: Type.String({ pattern: messageIdPattern.source }),
      type: Type.Literal(type),
      body,
      replyTo: Type.Optional(seq),
      mentions: Type.Optional(
        Type.Array(Type.String({ pattern: `${uidPattern.source}|^@all$` }), { maxItems: 100 }),
      ),
    },
    strict,
  );

const compiled = (bodies: Record<string, TObject>): Map<string, Validator> =>
  new Map(Object.entries(bodies).map(([type, body]) => [type, Compile(sendSchema(type, body))]));

const messageChecks = compiled(messageBodies);
const changeChecks = compiled(changeBodies);
const systemCheck = Compile(sendSchema('system', Type.Object({})));
const bodyChecks = new Map(Object.entries(messageBodies).map(([type, body]) => [type, Compile(body)]));

/** A checked payload of `send/…`. */
export interface Outgoing {
  readonly id: string;
  readonly type: MessageType | ChangeType | 'system';
  /** The payload in its one canonical form: no unknown, no repeated member. */
  readonly raw: Uint8Array;
  /** Absent for the plain text messages that the fast path took. */
  readonly document?: OutgoingDocument;
}

/** A checked payload as an object. */
export interface OutgoingDocument {
  readonly id: string;
  readonly type: MessageType | ChangeType | 'system';
  readonly body: Record<string, unknown>;
  readonly replyTo?: number;
  readonly mentions?: readonly string[];
  readonly forward?: ForwardMark;
}

/** Where a forwarded message comes from, set by the server: who wrote it and when (ms), or how many are merged in it. */
export type ForwardMark = { readonly from: string; readonly ts: number } | { readonly count: number };

export type Edit = Static<(typeof changeBodies)['edit']>;

export const isChange = (type: string): type is ChangeType => Object.hasOwn(changeBodies, type);

/** An id for an event that its sender gave none. */
export const serverId = (): string => randomUUID();

const head = Buffer.from('{"id":"');
const middle = Buffer.from('","type":"text","body":{"text":"');
const tail = Buffer.from('"}}');

const matches = (bytes: Uint8Array, at: number, literal: Uint8Array): boolean => {
  if (at + literal.length > bytes.length) return false;
  for (let i = 0; i < literal.length; i++) if (bytes[at + i] !== literal[i]) return false;
  return true;
};

const isIdByte = (byte: number): boolean =>
  (byte >= 0x61 && byte <= 0x7a) ||
  (byte >= 0x30 && byte <= 0x3a) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  byte === 0x2d ||
  byte === 0x2e ||
  byte === 0x5f;

/**
 * The commonest payload by far, `{"id":"…","type":"text","body":{"text":"…"}}` without escapes, is recognised from its
 * bytes: it is its own canonical form, and no object is made of it.
 */
function fastText(payload: Buffer): Outgoing | undefined {
  if (!matches(payload, 0, head)) return undefined;
  let idEnd = head.length;
  while (idEnd < payload.length && isIdByte(payload[idEnd]!)) idEnd++;
  const idLength = idEnd - head.length;
  if (idLength < 1 || idLength > 64 || !matches(payload, idEnd, middle)) return undefined;
  const start = idEnd + middle.length;
  const end = payload.length - tail.length;
  if (end <= start || !matches(payload, end, tail)) return undefined;
  let high = 0;
  for (let i = start; i < end; i++) {
    const byte = payload[i]!;
    if (byte < 0x20 || byte === 0x22 || byte === 0x5c) return undefined;
    high |= byte;
  }
  if (high > 0x7f && !isUtf8(payload.subarray(start, end))) return undefined;
  return { id: payload.toString('latin1', head.length, idEnd), type: 'text', raw: payload };
}

const invalid = (detail: string): PetrelError => new PetrelError('payload.invalid', detail);

/** Where and why a value does not fit its schema, in one line. */
const reason = (check: Validator, value: unknown): string => {
  const [first] = check.Errors(value);
  return first === undefined
    ? 'does not fit its schema'
    : `${first.instancePath || 'payload'}: ${first.message}`;
};

const encode = (document: OutgoingDocument): Buffer => {
  const { id, type, body, replyTo, mentions, forward } = document;
  return Buffer.from(JSON.stringify({ id, type, body, replyTo, mentions, forward }));
};

/** The message as an object, also where the fast path made none. */
export const documentOf = ({ document, raw }: Outgoing): OutgoingDocument =>
  document ?? (JSON.parse(Buffer.from(raw).toString('utf8')) as OutgoingDocument);

/** The same message, marked as forwarded. */
export function asForwarded(outgoing: Outgoing, forward: ForwardMark): Outgoing {
  const document = { ...documentOf(outgoing), forward };
  return { ...outgoing, document, raw: encode(document) };
}

/** The same message with another body, which fits its type. */
export function withBody(outgoing: Outgoing, body: OutgoingDocument['body']): Outgoing {
  const document = { ...documentOf(outgoing), body };
  return { ...outgoing, document, raw: encode(document) };
}

/** The types whose schema leaves open how deep the body is. */
const openTypes: ReadonlySet<string> = new Set(['custom', 'edit', 'system']);
/** What writes and walks through a body later needs a frame of the stack for each level. */
const maxDepth = 100;

function isDeep(body: object): boolean {
  let level: unknown[] = [body];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return true;
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
  return false;
}

export interface CheckOptions {
  /** The payload's `id` may be absent; the server then makes one. */
  readonly idOptional?: boolean;
  /** The server writes it: type `system` is allowed, with any body. */
  readonly asSystem?: boolean;
}

/** Checks the JSON object of section 4. Throws PetrelError `payload.invalid`. */
export function checkOutgoing(value: unknown, { idOptional, asSystem }: CheckOptions = {}): Outgoing {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('The payload is not a JSON object.');
  const given = value as Partial<OutgoingDocument>;
  const candidate = idOptional && given.id === undefined ? { ...given, id: serverId() } : given;
  const type = typeof candidate.type === 'string' ? candidate.type : '';
  const check =
    messageChecks.get(type) ??
    changeChecks.get(type) ??
    (asSystem && type === 'system' ? systemCheck : undefined);
  if (check === undefined) throw invalid(`There is no message type "${type.slice(0, 32)}".`);
  if (!check.Check(candidate)) throw invalid(reason(check, candidate));
  const document = candidate as OutgoingDocument;
  if (openTypes.has(type) && isDeep(document.body))
    throw invalid(`The body is deeper than ${maxDepth} levels.`);
  return { id: document.id, type: document.type, raw: encode(document), document };
}

/**
 * Reads a payload of `send/…`: a JSON object, or else a text message. Throws PetrelError `payload.invalid`.
 * The result may share the payload's bytes.
 */
export function parseOutgoing(payload: Buffer): Outgoing {
  if (payload.length === 0) throw invalid('The payload is empty.');
  const fast = fastText(payload);
  if (fast !== undefined) return fast;
  if (!isUtf8(payload)) throw invalid('The payload is not UTF-8.');
  const content = payload.toString('utf8');
  if (payload[0] !== 0x7b) {
    const document: OutgoingDocument = { id: serverId(), type: 'text', body: { text: content } };
    return { id: document.id, type: 'text', raw: encode(document), document };
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw invalid(`The payload is not JSON: ${(error as Error).message}`);
  }
  return checkOutgoing(value);
}

/** Whether a body fits a message type: an edit must keep its target's type. Throws PetrelError `payload.invalid`. */
export function checkBody(type: string, body: unknown): void {
  const check = bodyChecks.get(type);
  if (check === undefined) throw invalid(`A message of type "${type}" cannot be edited.`);
  if (!check.Check(body)) throw invalid(reason(check, body));
}
