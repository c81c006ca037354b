import { errors } from '../schemas/errors.ts';
import { table } from './markdown.ts';

const hex = (reason: number): string => `0x${reason.toString(16).toUpperCase().padStart(2, '0')}`;

/** docs/errors.md, from schemas/errors.ts. */
export const errorsPage = (): string => `# Errors

Every refusal has a code that never changes its meaning. Programs look at the code, people at the message. This page is
written by \`npm run docs\` from schemas/errors.ts, and a test fails when the two differ.

Where you meet a code:

- **MQTT 5**: the reason code below, in CONNACK, PUBACK, PUBREC, SUBACK or DISCONNECT; the reason string starts with the code.
- **MQTT 3.1.1**, and a QoS 0 send of any version: an \`error\` notice on \`n/{your uid}\` with \`code\`, \`message\`, \`retryable\`
  and the \`id\` of the message, where it had one.
- **Operations over MQTT**: \`{"ok": false, "error": {"code", "message", "retryable"}}\`.
- **HTTP**: the status below and an \`application/problem+json\` document with \`code\`.

*Retry* says whether the very same request can succeed later. Where the server knows how long to wait it says so: the user
property \`retry-after\` (ms) over MQTT, the header \`Retry-After\` (s) over HTTP.

${table(
  ['code', 'MQTT', 'HTTP', 'retry', 'meaning'],
  Object.entries(errors).map(([code, { reason, status, retryable, message }]) => [
    `\`${code}\``,
    hex(reason),
    String(status),
    retryable ? 'yes' : 'no',
    message,
  ]),
)}
`;
