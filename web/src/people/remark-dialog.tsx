import { useId, useState } from 'react';
import { useAction, useClient } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { Button, Dialog, TextField } from '../ui/index.ts';
import { FormError } from './form-error.tsx';
import type { Friend } from './people.ts';
import { usePeople } from './provider.tsx';

const maxRemark = 100;

/** What the user calls a friend; an empty one takes it away. */
export function RemarkDialog({ friend, onClose }: { readonly friend: Friend; readonly onClose: () => void }) {
  const t = useText();
  const client = useClient();
  const { friends } = usePeople();
  const form = useId();
  const [remark, setRemark] = useState(friend.remark ?? '');
  const { run, isBusy, error } = useAction(async () => {
    const changed = await client.request('friends.update', {
      uid: friend.uid,
      remark: remark.trim() || null,
    });
    friends.change((all) => all.map((one) => (one.uid === changed.uid ? changed : one)));
  });
  const save = async () => {
    if (await run()) onClose();
  };
  return (
    <Dialog
      title={friend.remark === undefined ? t.people.person.addRemark : t.people.person.editRemark}
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
          label={t.people.person.remark}
          hint={t.people.person.remarkHint}
          placeholder={friend.name ?? friend.uid}
          value={remark}
          maxLength={maxRemark}
          autoComplete="off"
          data-autofocus=""
          onChange={(event) => setRemark(event.target.value)}
        />
      </form>
      {error !== undefined && <FormError>{errorText(error, t)}</FormError>}
    </Dialog>
  );
}
