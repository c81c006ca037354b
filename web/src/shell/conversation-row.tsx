import { AtSign, BellOff, Check, CheckCheck, CircleAlert, Clock, MoreVertical, Pin } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import type { ConversationEntry, MessageState } from '../../../sdk/types.ts';
import { useMe, useName, usePresence, useProfile } from '../client.tsx';
import { useLanguage, useText } from '../i18n/index.ts';
import { hrefOf } from '../route.ts';
import { Avatar, Badge, ContextMenu, classes, IconButton, Menu } from '../ui/index.ts';
import { useEntryMenu } from './entry-menu.tsx';
import { EventPreview } from './event-preview.tsx';
import { previewOf } from './preview.ts';
import { whenOf } from './when.ts';
import './conversation-row.css';

interface RowProps {
  readonly entry: ConversationEntry;
  readonly isCurrent: boolean;
  /** The start of today: a new one makes new labels. */
  readonly today: number;
  readonly onRemove: (conv: string) => void;
}

/** A conversation of the list: a link, with a menu. */
export const ConversationRow = memo(function ConversationRow(props: RowProps) {
  return props.entry.uid === undefined ? (
    <GroupRow {...props} />
  ) : (
    <DirectRow {...props} uid={props.entry.uid} />
  );
});

function GroupRow(props: RowProps) {
  const { gid = '', name = gid } = props.entry;
  return <Row {...props} name={name} avatar={<Avatar uid={gid} name={name} group size={48} />} />;
}

function DirectRow({ uid, ...props }: RowProps & { readonly uid: string }) {
  const t = useText();
  const isOwn = uid === useMe();
  const profile = useProfile(uid);
  const known = useName(uid);
  const presence = usePresence(uid);
  const name = isOwn ? t.chat.notes : known === uid ? (props.entry.name ?? uid) : known;
  const isOnline = !isOwn && presence?.online === true;
  return (
    <Row
      {...props}
      name={name}
      isOnline={isOnline}
      avatar={
        <Avatar uid={uid} name={isOwn ? uid : name} src={profile?.avatar} size={48} online={isOnline} />
      }
    />
  );
}

interface NamedProps extends RowProps {
  readonly name: string;
  readonly avatar: ReactNode;
  readonly isOnline?: boolean;
}

function Row({ entry, isCurrent, onRemove, name, avatar, isOnline }: NamedProps) {
  const t = useText();
  const language = useLanguage();
  const items = useEntryMenu(entry, onRemove);
  return (
    <div className="row-frame">
      <ContextMenu items={items}>
        <a
          className={classes(
            'row',
            isCurrent && 'row--current',
            entry.unread > 0 && 'row--unread',
            entry.muted && 'row--muted',
          )}
          href={hrefOf({ page: 'conversation', conv: entry.conv })}
          aria-current={isCurrent ? 'page' : undefined}
          data-row={entry.conv}
        >
          {avatar}
          <span className="row__words">
            <span className="row__line">
              <span className="row__name ellipsis">{name}</span>
              {isOnline && <span className="unseen">{t.shell.online}</span>}
              {entry.muted && <Mark icon={<BellOff size={14} />} label={t.shell.entry.muted} />}
              <time className="row__when">
                {whenOf(entry.ts, Date.now(), language, t.shell.day.yesterday)}
              </time>
            </span>
            <span className="row__line">
              <Second entry={entry} />
              <Marks entry={entry} />
            </span>
          </span>
        </a>
      </ContextMenu>
      <Menu
        items={items}
        trigger={
          <IconButton
            small
            className="row-frame__more"
            label={t.shell.entry.actions(name)}
            icon={<MoreVertical size={18} />}
          />
        }
      />
    </div>
  );
}

function Second({ entry }: { readonly entry: ConversationEntry }) {
  const t = useText();
  const me = useMe();
  const preview = previewOf(entry, me, t);
  if (preview === undefined) {
    return (
      <span className="row__text row__text--note ellipsis">
        {entry.last && <EventPreview message={entry.last} />}
      </span>
    );
  }
  const isOwn = preview.kind === 'message' && entry.last?.from === me && entry.uid !== me;
  return (
    <>
      {isOwn && entry.last && <StateMark state={entry.last.state} />}
      <span className={`row__text row__text--${preview.kind} ellipsis`}>
        {preview.kind === 'draft' && <span className="row__draft">{t.shell.entry.draft} </span>}
        {preview.from !== undefined && <Sender uid={preview.from} isOwn={preview.from === me} />}
        {preview.text}
      </span>
    </>
  );
}

function Sender({ uid, isOwn }: { readonly uid: string; readonly isOwn: boolean }) {
  const t = useText();
  const name = useName(uid);
  return <>{isOwn ? t.shell.you : name}: </>;
}

function Marks({ entry }: { readonly entry: ConversationEntry }) {
  const t = useText().shell.entry;
  return (
    <span className="row__marks">
      {entry.pinned && <Mark icon={<Pin size={14} />} label={t.pinned} />}
      {entry.mentions > 0 && (
        <span className="row__mention">
          <AtSign size={13} aria-hidden="true" />
          <span className="unseen">{t.mentioned}</span>
        </span>
      )}
      <Badge count={entry.unread} quiet={entry.muted} label={t.unread(entry.unread)} />
      {entry.unread === 0 && entry.markedUnread && (
        <span className="row__dot">
          <span className="unseen">{t.markedUnread}</span>
        </span>
      )}
    </span>
  );
}

function Mark({ icon, label }: { readonly icon: ReactNode; readonly label: string }) {
  return (
    <span className="row__mark" title={label}>
      {icon}
      <span className="unseen">{label}</span>
    </span>
  );
}

/** How far one's own last message has come. */
function StateMark({ state }: { readonly state: MessageState }) {
  const t = useText();
  return (
    <span className={`row__state row__state--${state}`} title={t.chat.states[state]}>
      {stateIcons[state]}
      <span className="unseen">{t.chat.states[state]}</span>
    </span>
  );
}

const stateIcons: Readonly<Record<MessageState, ReactNode>> = {
  sending: <Clock size={14} />,
  sent: <Check size={16} />,
  delivered: <CheckCheck size={16} />,
  read: <CheckCheck size={16} />,
  failed: <CircleAlert size={15} />,
};
