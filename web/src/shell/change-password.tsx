import { type FormEvent, useId, useState } from 'react';
import { useAction, useClient, useMe } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { Button, Dialog, TextField, useToast } from '../ui/index.ts';
import { checkCredentials, type FieldErrors, placeError } from './credentials.ts';

export function ChangePassword() {
  const t = useText();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t.shell.settings.changePassword}</Button>
      {isOpen && <PasswordDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function PasswordDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useText();
  const texts = t.shell.settings;
  const client = useClient();
  const toast = useToast();
  const me = useMe();
  const formId = useId();
  const [password, setPassword] = useState('');
  const [newPassword, setNewPassword] = useState('');
  const [errors, setErrors] = useState<FieldErrors>({});
  const change = useAction(async () => {
    try {
      await client.request('me.password', { password, newPassword });
      toast(texts.passwordChanged, 'ok');
      onClose();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      setErrors(
        placeError(code, code === 'auth.bad-credentials' ? texts.wrongPassword : errorText(error, t)),
      );
    }
  });
  const own = checkCredentials('create', { uid: me, password: newPassword }, t).password;
  const [isAsked, setAsked] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAsked(true);
    setErrors({});
    if (own === undefined) void change.run();
  };
  return (
    <Dialog
      title={texts.changePassword}
      open
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.shell.cancel}</Button>
          <Button type="submit" form={formId} variant="primary" busy={change.isBusy}>
            {t.shell.save}
          </Button>
        </>
      }
    >
      <form id={formId} className="settings__form" onSubmit={submit} noValidate>
        {/* For password managers: whose password it is. */}
        <input type="text" name="username" autoComplete="username" value={me} readOnly hidden />
        <TextField
          label={texts.currentPassword}
          type="password"
          autoComplete="current-password"
          value={password}
          error={errors.password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <TextField
          label={texts.newPassword}
          type="password"
          autoComplete="new-password"
          hint={t.shell.start.passwordHint}
          error={isAsked ? own : undefined}
          value={newPassword}
          onChange={(event) => setNewPassword(event.target.value)}
        />
        {errors.form !== undefined && (
          <p className="form-problem" role="alert">
            {errors.form}
          </p>
        )}
      </form>
    </Dialog>
  );
}
