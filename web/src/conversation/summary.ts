import type { Message } from '../../../sdk/types.ts';
import type { Texts } from '../i18n/index.ts';

const maxLength = 160;

/** A message in a line, for quotes, lists of pins and names of articles. */
export function summaryOf(
  { type, body, recalled }: Pick<Message, 'type' | 'body' | 'recalled'>,
  t: Texts,
): string {
  if (recalled || body === undefined) return '';
  if (typeof body.text === 'string' && (type === 'text' || type === 'system')) return oneLine(body.text);
  const name = typeof body.name === 'string' ? oneLine(body.name) : '';
  switch (type) {
    case 'image':
      return name ? `${t.chat.image}: ${name}` : t.chat.image;
    case 'file':
      return name ? `${t.chat.file}: ${name}` : t.chat.file;
    case 'audio':
      return name ? `${t.chat.audio}: ${name}` : t.chat.audio;
    case 'video':
      return name ? `${t.chat.video}: ${name}` : t.chat.video;
    case 'location':
      return name ? `${t.chat.location}: ${name}` : t.chat.location;
    case 'custom':
      return body.kind === 'forward' ? t.chat.history : t.chat.custom(oneLine(String(body.kind ?? '')));
    default:
      return t.chat.unknownType;
  }
}

function oneLine(text: string): string {
  const line = text
    .slice(0, maxLength * 2)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}
