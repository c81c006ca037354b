import { Eye, EyeOff } from 'lucide-react';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useClient } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { recall, remember } from '../preferences.tsx';
import { useRoute } from '../route.ts';
import { Button, IconButton, TextField } from '../ui/index.ts';
import { checkCredentials, type FieldErrors, type Mode, normalizeUid, placeError } from './credentials.ts';
import { LanguageSwitch } from './language-switch.tsx';
import { Logo } from './logo.tsx';
import './start-page.css';

/** Where one creates an account or signs in: one form, with a button for each. */
export function StartPage({ ended }: { readonly ended: 'asked' | 'removed' | 'expired' }) {
  const t = useText();
  const notice = ended === 'asked' ? undefined : t.shell.start[ended];
  const route = useRoute();
  const { mode, busy, errors, act, uidField, passwordField } = useSignIn();
  const [isShown, setShown] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void act(mode);
  };
  const button = (own: Mode, text: string) => (
    <Button
      type={mode === own ? 'submit' : 'button'}
      variant={mode === own ? 'primary' : 'plain'}
      busy={busy === own}
      disabled={busy !== undefined && busy !== own}
      onClick={(event) => {
        if (mode === own) return;
        // It becomes the form's button with this very click, and must not submit the form too.
        event.preventDefault();
        void act(own);
      }}
    >
      {text}
    </Button>
  );
  return (
    <div className="start">
      <main className="start__card">
        <Logo size={56} />
        <h1 className="start__title">{t.shell.app}</h1>
        <p className="start__tagline">{t.shell.start.tagline}</p>
        {notice !== undefined && <p className="start__notice">{notice}</p>}
        {route.page === 'invite' && <p className="start__notice">{t.shell.start.invited}</p>}
        <form className="start__form" onSubmit={submit} noValidate>
          <TextField
            ref={uidField}
            label={t.shell.start.userName}
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            autoCorrect="off"
            spellCheck={false}
            maxLength={64}
            hint={mode === 'create' ? t.shell.start.userNameHint : undefined}
            error={errors.uid}
          />
          <TextField
            ref={passwordField}
            label={t.shell.start.password}
            name="password"
            type={isShown ? 'text' : 'password'}
            autoComplete={mode === 'create' ? 'new-password' : 'current-password'}
            autoCapitalize="none"
            spellCheck={false}
            hint={mode === 'create' ? t.shell.start.passwordHint : undefined}
            error={errors.password}
            trailing={
              <IconButton
                small
                label={isShown ? t.shell.start.hidePassword : t.shell.start.showPassword}
                icon={isShown ? <EyeOff size={18} /> : <Eye size={18} />}
                onClick={() => setShown(!isShown)}
              />
            }
          />
          {errors.form !== undefined && (
            <p className="start__error" role="alert">
              {errors.form}
            </p>
          )}
          <div className="start__buttons">
            {button('create', t.shell.start.create)}
            {button('signIn', t.shell.start.signIn)}
          </div>
        </form>
        <p className="start__help">{mode === 'create' ? t.shell.start.newHere : t.shell.start.welcomeBack}</p>
      </main>
      <LanguageSwitch />
    </div>
  );
}

function useSignIn() {
  const t = useText();
  const client = useClient();
  const uidField = useRef<HTMLInputElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);
  // Who was here before has an account.
  const [mode, setMode] = useState<Mode>(() => (recall('petrel.known') === null ? 'create' : 'signIn'));
  const [busy, setBusy] = useState<Mode | undefined>(undefined);
  const [errors, setErrors] = useState<FieldErrors>({});

  useEffect(() => {
    if (!matchMedia('(pointer: coarse)').matches) uidField.current?.focus();
  }, []);

  const fail = (found: FieldErrors) => {
    setErrors(found);
    if (found.uid !== undefined) uidField.current?.focus();
    else if (found.password !== undefined) passwordField.current?.focus();
  };

  const act = async (wanted: Mode) => {
    // Read from the boxes: a password manager may fill them without an event.
    const uid = normalizeUid(uidField.current?.value ?? '');
    const password = passwordField.current?.value ?? '';
    const isFilled = uid !== '' && password !== '';
    if (busy !== undefined) return;
    if (!isFilled && wanted !== mode) {
      setMode(wanted);
      setErrors({});
      (uid === '' ? uidField : passwordField).current?.focus();
      return;
    }
    setMode(wanted);
    const found = checkCredentials(wanted, { uid, password }, t);
    if (found.uid !== undefined || found.password !== undefined) return fail(found);
    setErrors({});
    setBusy(wanted);
    try {
      if (wanted === 'create') await client.register({ uid, password });
      else await client.signIn({ uid, password });
      remember('petrel.known', '1');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      fail(placeError(code, errorText(error, t)));
    } finally {
      setBusy(undefined);
    }
  };
  return { mode, busy, errors, act, uidField, passwordField };
}
