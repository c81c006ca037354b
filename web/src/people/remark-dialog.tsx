import { useState } from 'react';
import { useClient } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { TextField } from '../ui/index.ts';
import { FormDialog } from './form-dialog.tsx';
import type { Friend } from './people.ts';
import { usePeople } from './provider.tsx';

const maxRemark = 100;

/** What the user calls a friend; an empty one takes it away. */
export function RemarkDialog({ friend, onClose }: { readonly friend: Friend; readonly onClose: () => void }) {
  const t = useText();
  const client = useClient();
  const { friends } = usePeople();
  const [remark, setRemark] = useState(friend.remark ?? '');
  const save = async () => {
    const changed = await client.request('friends.update', {
      uid: friend.uid,
      remark: remark.trim() || null,
    });
    friends.change((all) => all.map((one) => (one.uid === changed.uid ? changed : one)));
  };
  return (
    <FormDialog
      title={friend.remark === undefined ? t.people.person.addRemark : t.people.person.editRemark}
      work={save}
      onClose={onClose}
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
    </FormDialog>
  );
}
