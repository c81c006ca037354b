import { useState } from 'react';
import { useClient, useMe } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { Confirm } from '../people/confirm.tsx';
import { FormDialog } from '../people/form-dialog.tsx';
import { TextField } from '../ui/index.ts';
import type { Group } from './group.ts';
import { MuteDialog } from './mute-dialog.tsx';
import type { Member } from './permissions.ts';

/** What needs a word more than a click. */
export interface MemberTask {
  readonly action: 'hand-over' | 'mute' | 'rename' | 'remove';
  readonly member: Member;
}

export interface MemberDialogProps {
  readonly member: Member;
  readonly name: string;
  readonly group: Group;
  readonly onClose: () => void;
}

export function MemberDialog({
  task: { action, member },
  ...rest
}: Omit<MemberDialogProps, 'member'> & { readonly task: MemberTask }) {
  const props = { member, ...rest };
  switch (action) {
    case 'hand-over':
      return <HandOverDialog {...props} />;
    case 'mute':
      return <MuteDialog {...props} />;
    case 'rename':
      return <NickDialog {...props} />;
    case 'remove':
      return <RemoveDialog {...props} />;
  }
}

function HandOverDialog({ member, name, group, onClose }: MemberDialogProps) {
  const t = useText().people.groups.handOver;
  const client = useClient();
  const work = async () => {
    await client.request('groups.members.update', { gid: group.gid, uid: member.uid, role: 'owner' });
    await Promise.all([group.info.refresh(), group.members.refresh()]);
  };
  return (
    <Confirm title={t.title(name)} text={t.text} submit={t.submit} isDanger work={work} onClose={onClose} />
  );
}

function RemoveDialog({ member, name, group, onClose }: MemberDialogProps) {
  const t = useText().people.groups.remove;
  const client = useClient();
  const work = async () => {
    await client.request('groups.members.remove', { gid: group.gid, uid: member.uid });
    group.members.change((members) => members.filter(({ uid }) => uid !== member.uid));
    void group.info.renew();
  };
  return (
    <Confirm title={t.title(name)} text={t.text} submit={t.submit} isDanger work={work} onClose={onClose} />
  );
}

const maxNick = 100;

function NickDialog({ member, name, group, onClose }: MemberDialogProps) {
  const t = useText();
  const n = t.people.groups.nick;
  const me = useMe();
  const client = useClient();
  const [nick, setNick] = useState(member.nick ?? '');
  const save = async () => {
    const changed = await client.request('groups.members.update', {
      gid: group.gid,
      uid: member.uid,
      nick: nick.trim() || null,
    });
    group.members.change((members) =>
      members.map((one) =>
        one.uid === member.uid ? { ...changed, ...(one.name !== undefined && { name: one.name }) } : one,
      ),
    );
  };
  return (
    <FormDialog title={member.uid === me ? n.ownTitle : n.title(name)} work={save} onClose={onClose}>
      <TextField
        label={n.label}
        hint={n.hint}
        placeholder={member.name ?? member.uid}
        value={nick}
        maxLength={maxNick}
        autoComplete="off"
        data-autofocus=""
        onChange={(event) => setNick(event.target.value)}
      />
    </FormDialog>
  );
}
