import type { Message } from '../../sdk/types.ts';

/** Text of others may hold what moves a terminal's cursor or turns the direction of writing: shown as a mark instead. */
export const harmless = (text: string): string =>
  // Escape sequences begin with a control character; so nothing of them is left to act.
  text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (mark) => (mark === '\n' ? '\n    ' : '\ufffd'));

/** A message as one line (or more, where its text has more). */
export function lineOf(message: Message, options: { readonly withConv: boolean }): string {
  const { seq, ts, from, conv, edited } = message;
  const time = new Date(ts).toTimeString().slice(0, 5);
  const place = options.withConv ? ` ${conv}` : '';
  const number = seq === undefined ? '' : ` #${seq}`;
  return `${time}${place}${number} ${from}: ${harmless(contentOf(message))}${edited === undefined ? '' : ' (edited)'}`;
}

function contentOf({ type, body, recalled, replyTo }: Message): string {
  if (recalled) return '(recalled)';
  const answered = replyTo === undefined ? '' : `(to #${replyTo}) `;
  const { text, name, file, action } = body ?? {};
  if (typeof text === 'string') return answered + text;
  const rest = [name, file, action].find((one) => typeof one === 'string') ?? JSON.stringify(body ?? {});
  return `${answered}[${type}] ${rest}`;
}
