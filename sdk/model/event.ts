import type { Message, MessageState } from '../types.ts';

/** An event as the server stored it: what is kept and what everything shown is made of. */
export interface Event {
  readonly conv: string;
  readonly seq: number;
  /** How many messages there are up to here. */
  readonly n: number;
  readonly ts: number;
  readonly from: string;
  readonly id: string;
  readonly type: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly replyTo?: number;
  readonly mentions?: readonly string[];
  readonly forward?: Readonly<Record<string, unknown>>;
  readonly recalled?: true;
}

/** What a change says of an earlier message. */
export interface ChangeBody {
  readonly target: number;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly emoji?: string;
  readonly on?: boolean;
}

const changes: ReadonlySet<string> = new Set(['edit', 'recall', 'react', 'pin']);
const server: ReadonlySet<string> = new Set(['group', 'member', 'system']);

/** Whether it is about an earlier message, and no message itself. */
export const isChange = (type: string): boolean => changes.has(type);

/** Whether the server wrote it, and nobody said it. */
export const isServers = (type: string): boolean => server.has(type);

/** Whether it counts as a message. */
export const isMessage = (type: string): boolean => !isChange(type) && !isServers(type);

/** The message that a change is about; undefined for what is no change, or lost its body. */
export function changeOf(event: Pick<Event, 'type' | 'body'>): ChangeBody | undefined {
  if (!isChange(event.type)) return undefined;
  const body = event.body as Partial<ChangeBody> | undefined;
  return typeof body?.target === 'number' ? (body as ChangeBody) : undefined;
}

/** Whether everything that this user said before it is to be forgotten. */
export function erasedUid({ type, from, body }: Pick<Event, 'type' | 'from' | 'body'>): string | undefined {
  if (type !== 'system' || from !== 'system' || body?.action !== 'user-removed') return undefined;
  return typeof body.uid === 'string' ? body.uid : undefined;
}

/** The same key for what is written here and what the server has of it. */
export const keyOf = (from: string, id: string): string => `${from}/${id}`;

/** A message before anything changed it. */
export function toMessage(event: Event, state: MessageState): Message {
  const { conv, seq, ts, from, id, type, body, replyTo, mentions, forward, recalled } = event;
  return {
    key: keyOf(from, id),
    conv,
    seq,
    ts,
    from,
    id,
    type,
    ...(body !== undefined && !recalled && { body }),
    ...(replyTo !== undefined && { replyTo }),
    ...(mentions !== undefined && { mentions }),
    ...(forward !== undefined && { forward }),
    ...(recalled && { recalled }),
    state,
  };
}

/** What is left of a recalled event where it is kept; of an edit, which message it was about. */
export function withoutBody(event: Event): Event {
  const { conv, seq, n, ts, from, id, type } = event;
  const target = changeOf(event)?.target;
  return {
    ...{ conv, seq, n, ts, from, id, type },
    ...(target !== undefined && { body: { target } }),
    recalled: true,
  };
}

const decoder = new TextDecoder();

/** The JSON object of a payload; undefined for anything else. */
export function parse<T extends object>(payload: Uint8Array): T | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(payload));
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
