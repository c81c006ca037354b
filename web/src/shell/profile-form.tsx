import { type FormEvent, useState } from 'react';
import type { Operations } from '../../../sdk/operations.ts';
import { useAction, useClient } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { Avatar, Button, TextArea, TextField, useToast } from '../ui/index.ts';

/** What others see of the user. */
export function ProfileForm({ own }: { readonly own: Operations['me.get']['output'] }) {
  const t = useText();
  const texts = t.shell.settings;
  const client = useClient();
  const toast = useToast();
  const [name, setName] = useState(own.name ?? '');
  const [bio, setBio] = useState(own.bio ?? '');
  const [avatar, setAvatar] = useState(own.avatar ?? '');
  const [badAvatar, setBadAvatar] = useState(false);
  const save = useAction(async () => {
    const orNull = (text: string) => text.trim() || null;
    await client.request('me.update', { name: orNull(name), bio: orNull(bio), avatar: orNull(avatar) });
    toast(t.shell.saved, 'ok');
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const isBad = avatar.trim() !== '' && avatar !== own.avatar && !/^https:\/\/\S+$/.test(avatar.trim());
    setBadAvatar(isBad);
    if (!isBad) void save.run();
  };
  return (
    <form className="settings__form" onSubmit={submit} noValidate>
      <div className="settings__who">
        <Avatar uid={own.uid} name={name} src={avatar} size={64} />
        <span className="settings__who-words">
          <span className="settings__who-name ellipsis">{name || own.uid}</span>
          <span className="settings__hint">{own.uid}</span>
        </span>
      </div>
      <TextField
        label={texts.name}
        hint={texts.nameHint}
        value={name}
        maxLength={100}
        autoComplete="name"
        onChange={(event) => setName(event.target.value)}
      />
      <TextArea
        label={texts.bio}
        value={bio}
        maxLength={1000}
        onChange={(event) => setBio(event.target.value)}
      />
      <TextField
        label={texts.avatar}
        hint={texts.avatarHint}
        error={badAvatar ? texts.badAvatar : undefined}
        value={avatar}
        maxLength={1024}
        inputMode="url"
        autoComplete="off"
        onChange={(event) => setAvatar(event.target.value)}
      />
      {save.error !== undefined && (
        <p className="form-problem" role="alert">
          {errorText(save.error, t)}
        </p>
      )}
      <div className="settings__form-end">
        <Button type="submit" variant="primary" busy={save.isBusy}>
          {t.shell.save}
        </Button>
      </div>
    </form>
  );
}
