import { useId, useState } from 'react';
import { useAction, useClient } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { Button, Dialog, TextArea, useToast } from '../ui/index.ts';
import { FormError } from './form-error.tsx';
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
  const form = useId();
  const [note, setNote] = useState('');
  const { run, isBusy, error } = useAction(async () => {
    const word = note.replace(/\s+/g, ' ').trim();
    const request = await client.request('friends.request', { uid, ...(word !== '' && { note: word }) });
    // Who has asked the same is a friend at once.
    const isFriend = request.state === 'accepted';
    toast(isFriend ? t.people.contacts.accepted(name) : t.people.request.sent(name), 'ok');
    void people.outgoing.renew();
    void people.incoming.renew();
    if (isFriend) void people.friends.renew();
  });
  const send = async () => {
    if (await run()) onClose();
  };
  return (
    <Dialog
      title={t.people.request.title(name)}
      open
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.people.common.cancel}</Button>
          <Button variant="primary" type="submit" form={form} busy={isBusy}>
            {t.people.request.send}
          </Button>
        </>
      }
    >
      <form
        id={form}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <TextArea
          label={t.people.request.note}
          hint={t.people.request.noteHint}
          value={note}
          maxLength={maxNote}
          data-autofocus=""
          onChange={(event) => setNote(event.target.value)}
        />
      </form>
      {error !== undefined && <FormError>{errorText(error, t)}</FormError>}
    </Dialog>
  );
}
