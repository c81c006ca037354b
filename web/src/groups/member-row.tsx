import {
  Crown,
  MicOff,
  MoreVertical,
  Pencil,
  ShieldMinus,
  ShieldPlus,
  UserMinus,
  Volume2,
} from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { useClient } from '../client.tsx';
import { useLanguage, useText } from '../i18n/index.ts';
import { PersonRow } from '../people/person-row.tsx';
import { useToldAction } from '../people/told.ts';
import { moment } from '../remote/when.ts';
import { IconButton, Menu } from '../ui/index.ts';
import type { Group } from './group.ts';
import type { MemberTask } from './member-dialog.tsx';
import {
  isForever,
  isMuted,
  type Member,
  type MemberAction,
  memberActions,
  type Role,
} from './permissions.ts';
import './member-row.css';

interface MemberRowProps {
  readonly member: Member;
  readonly name: string;
  readonly me: { readonly uid: string; readonly role: Role };
  readonly group: Group;
  /** What is asked about in a dialog. */
  readonly onTask: (task: MemberTask) => void;
}

export const MemberRow = memo(function MemberRow({ member, name, me, group, onTask }: MemberRowProps) {
  const t = useText().people;
  const language = useLanguage();
  const client = useClient();
  const change = useToldAction(async (wish: { role?: Role; mutedUntil?: null }) => {
    await client.request('groups.members.update', { gid: group.gid, uid: member.uid, ...wish });
    await group.members.refresh();
  });
  const now = Date.now();
  const actions = memberActions(me, member, now);
  const select = (action: MemberAction) => {
    if (action === 'make-admin') void change.run({ role: 'admin' });
    else if (action === 'take-admin') void change.run({ role: 'member' });
    else if (action === 'unmute') void change.run({ mutedUntil: null });
    else onTask({ action, member });
  };
  const g = t.groups.members;
  const muted = isMuted(member, now) && (
    <span className="member-row__muted">
      <MicOff size={13} aria-hidden />
      {isForever(member) ? g.mutedForever : g.mutedUntil(moment(member.mutedUntil ?? 0, now, language))}
    </span>
  );
  const isMe = member.uid === me.uid;
  return (
    <PersonRow
      uid={member.uid}
      name={name}
      mark={
        <>
          {isMe && <span className="member-row__me">{g.you}</span>}
          {member.role !== 'member' && (
            <span className={`member-row__role member-row__role--${member.role}`}>
              {t.groups.role[member.role]}
            </span>
          )}
        </>
      }
      detail={muted || (name === member.uid ? undefined : aka(member, name))}
      actions={
        actions.length > 0 && (
          <Menu
            trigger={
              <IconButton
                small
                label={g.actions(name)}
                icon={<MoreVertical size={18} />}
                aria-busy={change.isBusy}
              />
            }
            items={actions.map((action) => ({
              label: action === 'rename' && isMe ? g.renameMe : g.action[action],
              icon: icons[action],
              danger: action === 'remove',
              onSelect: () => select(action),
            }))}
          />
        )
      }
    />
  );
});

/** Under what else one may know them. */
const aka = ({ nick, name, uid }: Member, called: string): string =>
  nick !== undefined && name !== undefined && name !== called ? `${name} · @${uid}` : `@${uid}`;

const icons: Readonly<Record<MemberAction, ReactNode>> = {
  'make-admin': <ShieldPlus size={18} />,
  'take-admin': <ShieldMinus size={18} />,
  'hand-over': <Crown size={18} />,
  mute: <MicOff size={18} />,
  unmute: <Volume2 size={18} />,
  rename: <Pencil size={18} />,
  remove: <UserMinus size={18} />,
};
