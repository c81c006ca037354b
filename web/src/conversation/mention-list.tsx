import { Users } from 'lucide-react';
import { useProfile } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { Avatar, classes } from '../ui/index.ts';
import { useNameHere } from './pane.tsx';
import { type Mentions, mentionOptionId } from './use-mentions.ts';

/** Above the box: whom the name that is being written may mean. The box keeps the focus. */
export function MentionList({
  mentions,
  onPick,
}: {
  readonly mentions: Mentions;
  readonly onPick: (uid: string) => void;
}) {
  const t = useText();
  return (
    <div className="mention-list" role="listbox" id={mentions.listId} aria-label={t.chat.composer.mentions}>
      {mentions.options.map((uid) => (
        <div
          key={uid}
          role="option"
          id={mentionOptionId(mentions.listId, uid)}
          aria-selected={uid === mentions.active}
          tabIndex={-1}
          className={classes(
            'mention-list__option',
            uid === mentions.active && 'mention-list__option--active',
          )}
          onPointerDown={(event) => {
            event.preventDefault();
            onPick(uid);
          }}
        >
          {uid === 'all' ? <Everybody /> : <Person uid={uid} />}
        </div>
      ))}
    </div>
  );
}

function Everybody() {
  const t = useText();
  return (
    <>
      <span className="mention-list__all">
        <Users size={18} />
      </span>
      <span className="ellipsis">{t.chat.composer.all}</span>
      <span className="mention-list__uid">@all</span>
    </>
  );
}

function Person({ uid }: { readonly uid: string }) {
  const name = useNameHere(uid);
  const profile = useProfile(uid);
  return (
    <>
      <Avatar uid={uid} name={name} src={profile?.avatar} size={28} />
      <span className="ellipsis">{name}</span>
      {name !== uid && <span className="mention-list__uid ellipsis">@{uid}</span>}
    </>
  );
}
