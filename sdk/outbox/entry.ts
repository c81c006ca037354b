import type { Key } from '../storage.ts';

/** What is to be sent: a message, or a change to one. */
export interface Outgoing {
  /** One's own name for it; made where absent. */
  readonly id?: string;
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly replyTo?: number;
  readonly mentions?: readonly string[];
}

/** A message that waits, as it is kept. Never mutated. */
export interface OutboxEntry extends Outgoing {
  /** Whose it is. */
  readonly uid: string;
  readonly conv: string;
  readonly id: string;
  /** Its place in the order of writing: ascending in each conversation, in no other sense a number. */
  readonly n: number;
  /** When it was written, ms, by the clock of this device. */
  readonly ts: number;
  /** `failed`: refused for good, and sent again only by `retry`. */
  readonly state: 'sending' | 'failed';
  /** Why it failed. */
  readonly error?: { readonly code: string; readonly message: string; readonly retryable: boolean };
}

/** Where the server has put it. */
export interface Place {
  readonly seq: number;
  readonly ts: number;
}

/** Names an entry among all: a conversation has no space in it. */
export const nameOf = ({ conv, id }: Pick<OutboxEntry, 'conv' | 'id'>): string => `${conv} ${id}`;

/** Its key in the table `outbox`, which is thereby in the order of writing. */
export const keyOf = ({ n, conv, id }: OutboxEntry): Key => [n, conv, id];

/** The topic on which it is sent. */
export function topicOf({ conv, uid }: OutboxEntry): string {
  if (conv.startsWith('g:')) return `send/g/${conv.slice(2)}`;
  const [, a = '', b = ''] = conv.split(':');
  return `send/u/${a === uid ? b : a}`;
}

/** What is sent. */
export const payloadOf = ({ id, type, body, replyTo, mentions }: OutboxEntry): string =>
  JSON.stringify({ id, type, body, replyTo, mentions });

const idBytes = 15;

/** A name that nobody else makes. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(idBytes));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}
