import { Forward, Pin } from 'lucide-react';
import { type PointerEvent, useState } from 'react';
import type { Message } from '../../../sdk/types.ts';
import { useName, useProfile } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { Avatar, classes } from '../ui/index.ts';
import { Content } from './content.tsx';
import { Failure } from './failure.tsx';
import { Marks } from './marks.tsx';
import { useNameHere, usePane } from './pane.tsx';
import { Quote } from './quote.tsx';
import { Reactions } from './reactions.tsx';
import type { Row } from './rows.ts';
import { summaryOf } from './summary.ts';
import { isEmojiAlone } from './text.ts';
import { clockTime } from './times.ts';
import { Toolbar } from './toolbar.tsx';
import { useLongPress } from './use-long-press.ts';
import './message.css';

/** Reached by the arrow keys, not by Tab: there may be thousands. */
const focusable = { tabIndex: -1 } as const;

/** A message of somebody, with what can be done with it while it is pointed at or has the focus. */
export function MessageItem({ row, isHighlighted }: { readonly row: Row; readonly isHighlighted: boolean }) {
  const { message, isFirst, isLast, quoted } = row;
  const t = useText();
  const pane = usePane();
  const { me, conversation } = pane;
  const name = useNameHere(message.from);
  const isOwn = message.from === me;
  const isGroup = conversation.kind === 'group';
  const [isActive, setActive] = useState(false);
  const [isHeld, setHeld] = useState(false);
  const longPress = useLongPress(() => pane.showSheet(message));
  const text = message.recalled ? recalledText(isOwn, name, t) : summaryOf(message, t);
  const showsBubble = !isLargeEmoji(message);
  return (
    <article
      className={classes(
        'message',
        isOwn ? 'message--own' : 'message--other',
        isGroup && 'message--group',
        isFirst && 'message--first',
        isLast && 'message--last',
        isHighlighted && 'message--highlighted',
      )}
      aria-label={[name, text, clockTime(message.ts), t.chat.states[message.state]].join(', ')}
      data-message={message.key}
      data-state={message.state}
      {...focusable}
      {...longPress}
      onPointerEnter={(event: PointerEvent) => event.pointerType === 'mouse' && setActive(true)}
      onPointerLeave={() => setActive(false)}
      // By keyboard: a finger has the sheet.
      onFocus={({ target }) => target.matches(':focus-visible') && setActive(true)}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setActive(false);
      }}
    >
      {isGroup && !isOwn && <Side uid={message.from} isShown={isFirst} />}
      <div className="message__column">
        <div
          className={classes(
            'bubble',
            !showsBubble && 'bubble--bare',
            message.recalled && 'bubble--recalled',
            message.state === 'failed' && 'bubble--failed',
          )}
        >
          {isGroup && !isOwn && isFirst ? (
            <span className="bubble__sender ellipsis">{name}</span>
          ) : (
            <span className="unseen">{name}: </span>
          )}
          {message.forward !== undefined && <Forwarded forward={message.forward} />}
          {message.replyTo !== undefined && !message.recalled && (
            <Quote seq={message.replyTo} message={quoted} />
          )}
          {message.recalled ? (
            <span className="bubble__recalled">{isOwn ? text : t.chat.recalledHere}</span>
          ) : (
            <Content message={message} />
          )}
          {/* Text and time are two words, also for who reads the text alone. */}{' '}
          <span className="bubble__meta">
            {message.pinned && <Pin size={12} role="img" aria-label={t.chat.pinnedMark} />}
            <Marks message={message} isOwn={isOwn} />
          </span>
        </div>
        <Reactions message={message} />
        {message.state === 'failed' && <Failure message={message} />}
        {(isActive || isHeld) && <Toolbar message={message} onHold={setHeld} />}
      </div>
    </article>
  );
}

const recalledText = (isOwn: boolean, name: string, t: ReturnType<typeof useText>): string =>
  isOwn ? t.chat.recalledOwn : t.chat.recalled(name);

const isLargeEmoji = ({ type, body, recalled, replyTo, forward }: Message): boolean =>
  type === 'text' &&
  !recalled &&
  replyTo === undefined &&
  forward === undefined &&
  typeof body?.text === 'string' &&
  isEmojiAlone(body.text);

function Side({ uid, isShown }: { readonly uid: string; readonly isShown: boolean }) {
  const profile = useProfile(uid);
  const name = useNameHere(uid);
  return (
    <span className="message__side">
      {isShown && <Avatar uid={uid} name={name} src={profile?.avatar} size={34} />}
    </span>
  );
}

function Forwarded({ forward }: { readonly forward: Readonly<Record<string, unknown>> }) {
  const t = useText();
  const from = typeof forward.from === 'string' ? forward.from : '';
  const name = useName(from);
  return (
    <span className="bubble__forwarded">
      <Forward size={14} aria-hidden="true" />
      <span className="ellipsis">{from === '' ? t.chat.forwarded : t.chat.forwardedFrom(name)}</span>
    </span>
  );
}
