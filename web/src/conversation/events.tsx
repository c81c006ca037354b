import { memo } from 'react';
import type { Message } from '../../../sdk/types.ts';
import { type Language, type Texts, useLanguage, useText } from '../i18n/index.ts';
import { useNameList } from './names.ts';
import { clockTime, fullTime } from './times.ts';

/** What the server wrote into the timeline: a quiet line. */
export const EventLine = memo(function EventLine({ message }: { readonly message: Message }) {
  const t = useText();
  const language: Language = useLanguage();
  const body = message.body ?? {};
  const uids = uidsOf(body.uids);
  const by = useNameList([typeof body.by === 'string' ? body.by : message.from]);
  const names = useNameList(uids);
  const one = useNameList(typeof body.uid === 'string' ? [body.uid] : []);
  const text = eventText(message, t, { by, names, one });
  return (
    <p className="event-line" title={fullTime(message.ts, language)}>
      <span className="event-line__text">{text}</span>
      <span className="unseen">, {clockTime(message.ts)}</span>
    </p>
  );
});

/** The users of a body's list. */
export const uidsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((uid) => typeof uid === 'string') : [];

interface Who {
  readonly by: string;
  readonly names: string;
  readonly one: string;
}

/** Says what happened; whose names there are is for the caller to know. */
export function eventText(message: Message, t: Texts, who: Who): string {
  const text = sentence(message, t, who);
  const { you } = t.chat.events;
  const isFirst = text.startsWith(`${you} `) || text.startsWith(`${you}, `);
  return isFirst ? you.charAt(0).toUpperCase() + text.slice(1) : text;
}

function sentence({ type, body = {} }: Message, t: Texts, { by, names, one }: Who): string {
  const say = t.chat.events;
  const { action } = body;
  if (type === 'system') return action === 'user-removed' ? say.userRemoved(one) : systemText(body, say);
  if (type === 'group') {
    if (action === 'created') return say.created(by, String(body.name ?? ''));
    if (action === 'owner') return say.owner(by, one);
    if (action === 'dissolved') return say.dissolved(by);
    return action === 'updated' ? updatedText(body, by, say) : say.unknown;
  }
  if (action === 'added') return say.added(by, names);
  if (action === 'joined') return say.joined(names);
  if (action === 'left') return say.left(names);
  if (action === 'removed') return say.removed(by, names);
  if (action === 'role') return body.role === 'admin' ? say.admin(by, names) : say.member(by, names);
  if (action === 'muted') return say.memberMuted(by, names);
  if (action === 'unmuted') return say.memberUnmuted(by, names);
  if (action === 'nick')
    return typeof body.nick === 'string' ? say.nick(names, body.nick) : say.nickGone(names);
  return say.unknown;
}

function updatedText(body: Readonly<Record<string, unknown>>, by: string, say: Texts['chat']['events']) {
  if (typeof body.name === 'string') return say.renamed(by, body.name);
  if (typeof body.announcement === 'string') return say.announcement(by, body.announcement);
  if (body.announcement === null) return say.announcementGone(by);
  if (typeof body.muted === 'boolean') return body.muted ? say.muted(by) : say.unmuted(by);
  if ('avatar' in body) return say.avatar(by);
  if ('join' in body) return say.join(by);
  return 'history' in body ? say.history(by) : say.updated(by);
}

/** What an operator wrote has any body. */
function systemText(body: Readonly<Record<string, unknown>>, say: Texts['chat']['events']): string {
  return typeof body.text === 'string' ? body.text : say.unknown;
}
