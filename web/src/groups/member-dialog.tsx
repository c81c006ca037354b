import { useId, useState } from 'react';
import { useAction, useClient, useMe } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { Confirm } from '../people/confirm.tsx';
import { FormError } from '../people/form-error.tsx';
import { Button, Dialog, TextField } from '../ui/index.ts';
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
  const form = useId();
  const [nick, setNick] = useState(member.nick ?? '');
  const { run, isBusy, error } = useAction(async () => {
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
  });
  const save = async () => {
    if (await run()) onClose();
  };
  return (
    <Dialog
      title={member.uid === me ? n.ownTitle : n.title(name)}
      open
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.people.common.cancel}</Button>
          <Button variant="primary" type="submit" form={form} busy={isBusy}>
            {t.people.common.save}
          </Button>
        </>
      }
    >
      <form
        id={form}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
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
      </form>
      {error !== undefined && <FormError>{errorText(error, t)}</FormError>}
    </Dialog>
  );
}
