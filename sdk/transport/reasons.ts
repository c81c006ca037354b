import { ClientError } from '../errors.ts';

/** Reason codes of MQTT 5 that a client acts on. */
export const reasons = {
  success: 0x00,
  reauthenticate: 0x19,
  implementationError: 0x83,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  banned: 0x8a,
  serverShuttingDown: 0x8b,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetTooLarge: 0x95,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  payloadFormatInvalid: 0x99,
  useAnotherServer: 0x9c,
  serverMoved: 0x9d,
} as const;

/** The codes whose refusal may pass; an acknowledgement does not say it itself. */
const retryable = new Set([
  'auth.too-many-attempts',
  'connect.rate',
  'connect.not-ready',
  'send.rate',
  'request.rate',
  'moderation.unavailable',
  'store.unavailable',
  'server.error',
]);

/** Where a refusal has no words. */
const codes = new Map<number, string>([
  [reasons.implementationError, 'store.unavailable'],
  [reasons.topicFilterInvalid, 'topic.invalid'],
  [reasons.topicNameInvalid, 'topic.invalid'],
  [reasons.packetTooLarge, 'send.too-large'],
  [reasons.payloadFormatInvalid, 'payload.invalid'],
]);

/** What an acknowledgement says besides its reason code. */
export interface Said {
  readonly reasonString?: string;
  readonly userProperties?: Readonly<Record<string, unknown>>;
}

/** The code and the text of a reason string `code: text`. */
export function wordsOf(reasonString: string | undefined): { code?: string; text?: string } {
  const found = /^([a-z]+(?:[.-][a-z]+)+)(?:: ?(.*))?$/s.exec(reasonString ?? '');
  return found === null ? {} : { code: found[1]!, text: found[2] ?? found[1]! };
}

/** The refusal that an acknowledgement with a reason code of 0x80 and more is; `otherwise` where nothing says more. */
export function refusalOf(reason: number, said: Said | undefined, otherwise: string): ClientError {
  const { code = codes.get(reason) ?? otherwise, text } = wordsOf(said?.reasonString);
  const waitMs = Number(textsOf(said)['retry-after']);
  return new ClientError(code, text ?? `Refused by the server (0x${reason.toString(16)}).`, {
    retryable: retryable.has(code),
    ...(waitMs > 0 && { retryAfter: waitMs }),
  });
}

/** User properties that have one value. */
export function textsOf(said: Said | undefined): Readonly<Record<string, string>> {
  const entries = Object.entries(said?.userProperties ?? {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Of what was under way when a connection ended, or was never there. */
export const notConnected = (): ClientError =>
  new ClientError('client.offline', 'There is no connection to the server.', { retryable: true });
