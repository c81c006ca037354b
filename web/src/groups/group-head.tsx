import { Eye, Link2, Megaphone, MicOff, Pencil, ShieldCheck } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { copyText } from '../copy.ts';
import { useText } from '../i18n/index.ts';
import { Avatar, Button, useToast } from '../ui/index.ts';
import { EditGroupDialog } from './edit-group.tsx';
import type { Group } from './group.ts';
import { inviteLink } from './invite-link.ts';
import { type GroupInfo, isManager } from './permissions.ts';
import './group-head.css';

/** Picture, name, announcement and rules of a group. */
export function GroupHead({ group, info }: { readonly group: Group; readonly info: GroupInfo }) {
  const t = useText().people.groups;
  const toast = useToast();
  const [isEditing, setEditing] = useState(false);
  const copyLink = async () => {
    const isCopied = await copyText(inviteLink(location.origin, info.gid));
    toast(isCopied ? t.invites.copied : t.invites.notCopied, isCopied ? 'ok' : 'error');
  };
  return (
    <header className="group-head">
      <Avatar uid={info.gid} name={info.name} src={info.avatar} size={96} group />
      <h2 className="group-head__name">{info.name}</h2>
      <p className="group-head__count">{t.count(info.memberCount)}</p>
      <div className="group-head__buttons">
        {isManager(info.role) && (
          <Button onClick={() => setEditing(true)}>
            <Pencil size={16} aria-hidden />
            {t.edit.open}
          </Button>
        )}
        {info.join !== 'invite' && (
          <Button onClick={() => void copyLink()}>
            <Link2 size={16} aria-hidden />
            {t.copyLink}
          </Button>
        )}
      </div>
      {info.announcement && (
        <section className="group-head__announcement" aria-label={t.announcement}>
          <h3>
            <Megaphone size={16} aria-hidden />
            {t.announcement}
          </h3>
          <p>{info.announcement}</p>
        </section>
      )}
      <ul className="group-head__rules" aria-label={t.settings}>
        <Rule icon={<ShieldCheck size={16} />}>{t.join.rule[info.join]}</Rule>
        <Rule icon={<Eye size={16} />}>{t.history.rule[info.history]}</Rule>
        {info.muted && <Rule icon={<MicOff size={16} />}>{t.muted}</Rule>}
      </ul>
      {isEditing && <EditGroupDialog group={group} info={info} onClose={() => setEditing(false)} />}
    </header>
  );
}

function Rule({ icon, children }: { readonly icon: ReactNode; readonly children: ReactNode }) {
  return (
    <li>
      {icon}
      <span>{children}</span>
    </li>
  );
}
