/**
 * Every error a client can meet, in one list: its stable code, the MQTT 5 reason code, the HTTP status, whether
 * trying again can help, and a message for a person. docs/errors.md shows the same list; a test compares them.
 */
export const errors = {
  'auth.bad-token': {
    reason: 0x86,
    status: 401,
    retryable: false,
    message: 'The access token is missing or not valid.',
  },
  'auth.expired': { reason: 0x87, status: 401, retryable: false, message: 'The access token has expired.' },
  'auth.bad-credentials': {
    reason: 0x86,
    status: 401,
    retryable: false,
    message: 'The user name or the password is wrong.',
  },
  'auth.bad-method': {
    reason: 0x8c,
    status: 401,
    retryable: false,
    message: 'This authentication method is not offered.',
  },
  'auth.refresh-reused': {
    reason: 0x86,
    status: 401,
    retryable: false,
    message: 'This refresh token was used before; sign in again.',
  },
  'auth.forbidden': { reason: 0x87, status: 403, retryable: false, message: 'You may not do this.' },
  'auth.banned': { reason: 0x87, status: 403, retryable: false, message: 'This account is banned.' },
  'auth.registration-closed': {
    reason: 0x87,
    status: 403,
    retryable: false,
    message: 'Registration is closed.',
  },
  'auth.too-many-attempts': {
    reason: 0x97,
    status: 429,
    retryable: true,
    message: 'Too many attempts; wait before the next one.',
  },
  'connect.rate': {
    reason: 0x9f,
    status: 429,
    retryable: true,
    message: 'Connecting too often; wait before the next attempt.',
  },
  'connect.client-id': {
    reason: 0x85,
    status: 400,
    retryable: false,
    message: 'The client id is not acceptable.',
  },
  'connect.not-ready': { reason: 0x88, status: 503, retryable: true, message: 'The server is not ready.' },
  'send.not-member': {
    reason: 0x87,
    status: 403,
    retryable: false,
    message: 'You are not a member of this group.',
  },
  'send.not-friends': {
    reason: 0x87,
    status: 403,
    retryable: false,
    message: 'You are not friends with this user.',
  },
  'send.blocked': {
    reason: 0x87,
    status: 403,
    retryable: false,
    message: 'This user does not accept your messages.',
  },
  'send.muted': { reason: 0x87, status: 403, retryable: false, message: 'You are muted in this group.' },
  'send.not-allowed': {
    reason: 0x87,
    status: 403,
    retryable: false,
    message: 'You may not make this change.',
  },
  'send.too-late': {
    reason: 0x87,
    status: 403,
    retryable: false,
    message: 'It is too late to change this message.',
  },
  'send.rejected': {
    reason: 0x87,
    status: 403,
    retryable: false,
    message: 'This message was refused by moderation.',
  },
  'send.rate': { reason: 0x97, status: 429, retryable: true, message: 'Sending too fast.' },
  'send.too-large': { reason: 0x95, status: 413, retryable: false, message: 'The message is too large.' },
  'target.not-found': {
    reason: 0x99,
    status: 404,
    retryable: false,
    message: 'The message to change, answer or forward does not exist.',
  },
  'pin.full': {
    reason: 0x97,
    status: 409,
    retryable: false,
    message: 'The conversation has as many pinned messages as it may have.',
  },
  'payload.invalid': { reason: 0x99, status: 400, retryable: false, message: 'The payload is not valid.' },
  'topic.invalid': { reason: 0x90, status: 400, retryable: false, message: 'The topic is not valid.' },
  'topic.forbidden': { reason: 0x87, status: 403, retryable: false, message: 'You may not use this topic.' },
  'topic.quota': {
    reason: 0x97,
    status: 429,
    retryable: false,
    message: 'The session has as many subscriptions as it may have.',
  },
  'user.not-found': { reason: 0x90, status: 404, retryable: false, message: 'There is no such user.' },
  'user.exists': { reason: 0x87, status: 409, retryable: false, message: 'This user name is taken.' },
  'group.not-found': { reason: 0x90, status: 404, retryable: false, message: 'There is no such group.' },
  'group.request-not-found': {
    reason: 0x90,
    status: 404,
    retryable: false,
    message: 'There is no such request to join.',
  },
  'group.invite-not-found': {
    reason: 0x90,
    status: 404,
    retryable: false,
    message: 'There is no such invitation, or no longer.',
  },
  'group.owner': {
    reason: 0x87,
    status: 409,
    retryable: false,
    message: 'The owner must hand the group over or dissolve it.',
  },
  'group.full': {
    reason: 0x97,
    status: 409,
    retryable: false,
    message: 'The group has as many members as it may have.',
  },
  'friend.exists': { reason: 0x87, status: 409, retryable: false, message: 'You are friends already.' },
  'friend.not-found': {
    reason: 0x90,
    status: 404,
    retryable: false,
    message: 'You are not friends with this user.',
  },
  'friend.request-not-found': {
    reason: 0x90,
    status: 404,
    retryable: false,
    message: 'There is no such request for friendship.',
  },
  'friend.full': {
    reason: 0x97,
    status: 409,
    retryable: false,
    message: 'One of you has as many friends as one may have.',
  },
  'device.not-found': { reason: 0x90, status: 404, retryable: false, message: 'There is no such device.' },
  'broadcast.not-found': {
    reason: 0x90,
    status: 404,
    retryable: false,
    message: 'There is no such broadcast.',
  },
  'conversation.not-found': {
    reason: 0x90,
    status: 404,
    retryable: false,
    message: 'There is no such conversation.',
  },
  'conversation.full': {
    reason: 0x97,
    status: 409,
    retryable: false,
    message: 'You keep settings of as many conversations that have not begun as one may.',
  },
  'request.invalid': { reason: 0x99, status: 400, retryable: false, message: 'The request is not valid.' },
  'request.unknown-operation': {
    reason: 0x90,
    status: 404,
    retryable: false,
    message: 'There is no such operation.',
  },
  'request.too-large': { reason: 0x95, status: 413, retryable: false, message: 'The request is too large.' },
  'request.rate': { reason: 0x97, status: 429, retryable: true, message: 'Asking too often.' },
  'moderation.unavailable': {
    reason: 0x83,
    status: 503,
    retryable: true,
    message: 'Not checked now; nothing was done. Try again.',
  },
  'store.unavailable': {
    reason: 0x83,
    status: 503,
    retryable: true,
    message: 'Not stored now; nothing was done. Try again.',
  },
  'server.error': {
    reason: 0x83,
    status: 500,
    retryable: true,
    message: 'The server failed; nothing was done.',
  },
} as const satisfies Record<string, ErrorEntry>;

/** What is known of an error code. */
export interface ErrorEntry {
  /** MQTT 5 reason code for PUBACK, SUBACK, CONNACK or DISCONNECT. */
  readonly reason: number;
  /** HTTP status of the problem document. */
  readonly status: number;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  readonly message: string;
}

/** One of the stable codes of the list. */
export type ErrorCode = keyof typeof errors;

/** The members of an error as a client sees them. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  /** How long to wait before trying again, ms; where the server knows. */
  readonly retryAfter?: number;
}

/** An error meant for a client. Anything else that is thrown is a fault of the server. */
export class PetrelError extends Error {
  readonly code: ErrorCode;
  /** How long to wait before trying again, ms. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message?: string, options?: { cause?: unknown; retryAfterMs?: number }) {
    super(
      message ?? errors[code].message,
      options?.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'PetrelError';
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }

  get entry(): ErrorEntry {
    return errors[this.code];
  }

  toBody(): ErrorBody {
    const { code, message, entry, retryAfterMs } = this;
    return {
      code,
      message,
      retryable: entry.retryable,
      ...(retryAfterMs !== undefined && { retryAfter: retryAfterMs }),
    };
  }
}

/** The client's view of anything thrown: a PetrelError as it is, all else as `server.error`. */
export function toPetrelError(thrown: unknown): PetrelError {
  return thrown instanceof PetrelError
    ? thrown
    : new PetrelError('server.error', undefined, { cause: thrown });
}
