import { useState } from 'react';
import { useAction, useClient } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { Button, Dialog, TextField } from '../ui/index.ts';

/** Signs out every device of the user. */
export function EndAllSessions() {
  const t = useText();
  const client = useClient();
  return (
    <Ending
      label={t.shell.settings.everywhere}
      text={t.shell.settings.everywhereText}
      confirm={t.shell.settings.everywhere}
      work={() => client.signOut({ all: true })}
    />
  );
}

export function RemoveAccount() {
  const t = useText();
  const client = useClient();
  return (
    <Ending
      label={t.shell.settings.remove}
      text={t.shell.settings.removeText}
      confirm={t.shell.settings.removeConfirm}
      asksPassword
      work={async (password) => {
        await client.request('me.remove', password === '' ? {} : { password });
        // Its tokens are refused from now on: what is left to do is to forget.
        await client.signOut().catch(() => undefined);
      }}
    />
  );
}

interface EndingProps {
  readonly label: string;
  readonly text: string;
  readonly confirm: string;
  readonly asksPassword?: boolean;
  readonly work: (password: string) => Promise<unknown>;
}

function Ending({ label, text, confirm, asksPassword = false, work }: EndingProps) {
  const t = useText();
  const [isOpen, setOpen] = useState(false);
  const [password, setPassword] = useState('');
  const action = useAction(work);
  const close = () => {
    setOpen(false);
    setPassword('');
  };
  return (
    <>
      <Button variant="danger" onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Dialog
        title={label}
        open={isOpen}
        onClose={close}
        actions={
          <>
            <Button onClick={close}>{t.shell.cancel}</Button>
            <Button variant="danger" busy={action.isBusy} onClick={() => void action.run(password)}>
              {confirm}
            </Button>
          </>
        }
      >
        <p>{text}</p>
        {asksPassword && (
          <TextField
            label={t.shell.settings.removePassword}
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
        {action.error !== undefined && (
          <p className="form-problem" role="alert">
            {errorText(action.error, t)}
          </p>
        )}
      </Dialog>
    </>
  );
}
