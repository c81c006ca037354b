import { useState } from 'react';
import { useClient } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { FormDialog } from '../people/form-dialog.tsx';
import { Switch, TextArea, TextField, useToast } from '../ui/index.ts';
import type { Group } from './group.ts';
import type { GroupInfo } from './permissions.ts';
import { HistoryField, JoinField } from './settings-fields.tsx';
import './edit-group.css';

const maxName = 100;
const maxAvatar = 1024;
const maxAnnouncement = 4096;

/** Everything about a group that its owner and admins may change. */
export function EditGroupDialog({
  group,
  info,
  onClose,
}: {
  readonly group: Group;
  readonly info: GroupInfo;
  readonly onClose: () => void;
}) {
  const t = useText();
  const g = t.people.groups;
  const client = useClient();
  const toast = useToast();
  const [draft, setDraft] = useState(() => draftOf(info));
  const set = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }));
  const isNameMissing = draft.name.trim() === '';
  const isAvatarWrong = draft.avatar !== '' && !/^https:\/\/\S+$/.test(draft.avatar.trim());
  const save = async () => {
    const changed = changesOf(info, draft);
    if (Object.keys(changed).length === 0) return;
    const answer = await client.request('groups.update', { gid: info.gid, ...changed });
    group.info.change(() => answer);
    toast(g.edit.saved, 'ok');
  };
  return (
    <FormDialog
      title={g.edit.title}
      className="edit-group"
      isValid={!(isNameMissing || isAvatarWrong)}
      work={save}
      onClose={onClose}
    >
      <TextField
        label={g.edit.name}
        error={isNameMissing ? g.create.nameMissing : undefined}
        value={draft.name}
        maxLength={maxName}
        autoComplete="off"
        onChange={(event) => set({ name: event.target.value })}
      />
      <TextArea
        label={g.edit.announcement}
        hint={g.edit.announcementHint}
        value={draft.announcement}
        maxLength={maxAnnouncement}
        rows={4}
        onChange={(event) => set({ announcement: event.target.value })}
      />
      <TextField
        label={g.edit.avatar}
        hint={g.edit.avatarHint}
        error={isAvatarWrong ? g.edit.avatarWrong : undefined}
        value={draft.avatar}
        maxLength={maxAvatar}
        inputMode="url"
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => set({ avatar: event.target.value })}
      />
      <Switch label={g.muted} hint={g.mutedHint} checked={draft.muted} onChange={(muted) => set({ muted })} />
      <JoinField value={draft.join} onChange={(join) => set({ join })} />
      <HistoryField value={draft.history} onChange={(history) => set({ history })} />
    </FormDialog>
  );
}

type Draft = Required<Pick<GroupInfo, 'name' | 'join' | 'muted' | 'history'>> & {
  readonly avatar: string;
  readonly announcement: string;
};

const draftOf = ({ name, join, muted, history, avatar = '', announcement = '' }: GroupInfo): Draft => ({
  name,
  join,
  muted,
  history,
  avatar,
  announcement,
});

/** Only what differs: others may change the rest meanwhile. */
function changesOf(info: GroupInfo, draft: Draft) {
  const before = draftOf(info);
  const name = draft.name.trim();
  const avatar = draft.avatar.trim();
  const announcement = draft.announcement.trim();
  return {
    ...(name !== before.name && { name }),
    ...(avatar !== before.avatar && { avatar: avatar || null }),
    ...(announcement !== before.announcement && { announcement: announcement || null }),
    ...(draft.join !== before.join && { join: draft.join }),
    ...(draft.muted !== before.muted && { muted: draft.muted }),
    ...(draft.history !== before.history && { history: draft.history }),
  };
}
