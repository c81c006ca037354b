import { Copy, Link2, Plus, Trash2, UsersRound } from 'lucide-react';
import { useState } from 'react';
import { useClient, useMe, useName } from '../client.tsx';
import { copyText } from '../copy.ts';
import { useLanguage, useText } from '../i18n/index.ts';
import { Confirm } from '../people/confirm.tsx';
import { useResource } from '../people/provider.tsx';
import { day } from '../remote/when.ts';
import { Button, IconButton, useToast } from '../ui/index.ts';
import type { Group, Invite } from './group.ts';
import { inviteLink } from './invite-link.ts';
import { InviteDialog } from './make-invite.tsx';
import './invite-list.css';

/** Invitations by link that hold, for owner and admins. */
export function InviteList({ group }: { readonly group: Group }) {
  const t = useText().people.groups.invites;
  const { value } = useResource(group.invites);
  const [isMaking, setMaking] = useState(false);
  return (
    <section className="group-part">
      <div className="group-part__head">
        <h3 className="group-part__title">{t.title}</h3>
        <Button onClick={() => setMaking(true)}>
          <Plus size={16} aria-hidden />
          {t.make}
        </Button>
      </div>
      {value?.length === 0 && <p className="group-part__note">{t.none}</p>}
      {value !== undefined && value.length > 0 && (
        <ul aria-label={t.list}>
          {value.map((invite) => (
            <li key={invite.code}>
              <InviteRow group={group} invite={invite} />
            </li>
          ))}
        </ul>
      )}
      {isMaking && <InviteDialog group={group} onClose={() => setMaking(false)} />}
    </section>
  );
}

function InviteRow({ group, invite }: { readonly group: Group; readonly invite: Invite }) {
  const t = useText().people.groups.invites;
  const language = useLanguage();
  const client = useClient();
  const toast = useToast();
  const me = useMe();
  const maker = useName(invite.by);
  const [isAsked, setAsked] = useState(false);
  const label = useWho(invite);
  const until = t.endsAt(day(invite.expiresAt, Date.now(), language));
  const copyLink = async () => {
    const isCopied = await copyText(inviteLink(location.origin, group.gid, invite.code));
    toast(isCopied ? t.copied : t.notCopied, isCopied ? 'ok' : 'error');
  };
  const takeBack = async () => {
    try {
      await client.request('groups.invites.remove', { gid: group.gid, code: invite.code });
    } finally {
      await group.invites.refresh();
    }
    toast(t.takenBack);
  };
  return (
    <div className="invite-row">
      <span className="invite-row__icon">
        {invite.uids === undefined ? <Link2 size={18} /> : <UsersRound size={18} />}
      </span>
      <span className="invite-row__text">
        <span className="ellipsis">{label}</span>
        <span className="invite-row__detail">{invite.by === me ? until : `${until} · ${t.by(maker)}`}</span>
      </span>
      <IconButton small label={t.copyName(label)} icon={<Copy size={17} />} onClick={() => void copyLink()} />
      <IconButton
        small
        label={t.takeBackName(label)}
        icon={<Trash2 size={17} />}
        onClick={() => setAsked(true)}
      />
      {isAsked && (
        <Confirm
          title={t.takeBackTitle}
          text={t.takeBackText}
          submit={t.takeBack}
          isDanger
          work={takeBack}
          onClose={() => setAsked(false)}
        />
      )}
    </div>
  );
}

/** Whom it is for, in a line. */
function useWho({ uids = [], by }: Invite): string {
  const t = useText().people.groups.invites;
  const first = useName(uids[0] ?? by);
  if (uids.length === 0) return t.forAnyone;
  return t.forPeople(uids.length === 1 ? first : t.andMore(first, uids.length - 1));
}
