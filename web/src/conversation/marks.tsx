import { Check, CheckCheck, CircleAlert, Clock } from 'lucide-react';
import type { Message } from '../../../sdk/types.ts';
import { useLanguage, useText } from '../i18n/index.ts';
import { clockTime, fullTime } from './times.ts';

const icons = {
  sending: <Clock size={13} aria-hidden="true" />,
  sent: <Check size={15} aria-hidden="true" />,
  delivered: <CheckCheck size={15} aria-hidden="true" />,
  read: <CheckCheck size={15} aria-hidden="true" />,
  failed: <CircleAlert size={14} aria-hidden="true" />,
} as const;

/** When it was said, and how far one's own has come. */
export function Marks({ message, isOwn }: { readonly message: Message; readonly isOwn: boolean }) {
  const t = useText();
  const language = useLanguage();
  const state = t.chat.states[message.state];
  return (
    <span className="marks">
      {message.edited !== undefined && !message.recalled && <span>{t.chat.edited}</span>}{' '}
      <time dateTime={new Date(message.ts).toISOString()} title={fullTime(message.ts, language)}>
        {clockTime(message.ts)}
      </time>{' '}
      {isOwn && !message.recalled && (
        <span className={`marks__state marks__state--${message.state}`} title={state}>
          {icons[message.state]}
        </span>
      )}
      <span className="unseen">{state}</span>
    </span>
  );
}
