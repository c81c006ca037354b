import { useState } from 'react';
import { useClient } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { TextArea, useToast } from '../ui/index.ts';
import { FormDialog } from './form-dialog.tsx';
import { usePeople } from './provider.tsx';

const maxNote = 200;

/** Asks somebody to be friends, with a word if one likes. */
export function RequestDialog({
  uid,
  name,
  onClose,
}: {
  readonly uid: string;
  readonly name: string;
  readonly onClose: () => void;
}) {
  const t = useText();
  const client = useClient();
  const people = usePeople();
  const toast = useToast();
  const [note, setNote] = useState('');
  const send = async () => {
    const word = note.replace(/\s+/g, ' ').trim();
    const request = await client.request('friends.request', { uid, ...(word !== '' && { note: word }) });
    // Who has asked the same is a friend at once.
    const isFriend = request.state === 'accepted';
    toast(isFriend ? t.people.contacts.accepted(name) : t.people.request.sent(name), 'ok');
    void people.outgoing.renew();
    void people.incoming.renew();
    if (isFriend) void people.friends.renew();
  };
  return (
    <FormDialog
      title={t.people.request.title(name)}
      submit={t.people.request.send}
      work={send}
      onClose={onClose}
    >
      <TextArea
        label={t.people.request.note}
        hint={t.people.request.noteHint}
        value={note}
        maxLength={maxNote}
        data-autofocus=""
        onChange={(event) => setNote(event.target.value)}
      />
    </FormDialog>
  );
}
