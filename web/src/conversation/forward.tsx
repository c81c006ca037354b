import { useMemo, useState } from 'react';
import type { ConversationEntry, Message } from '../../../sdk/types.ts';
import { useClient, useMe, useName, useProfile, useSignal } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { Avatar, Dialog, TextField, useToast } from '../ui/index.ts';
import './forward.css';

/** To which conversation a message is to be forwarded. */
export function ForwardDialog({
  message,
  onClose,
}: {
  readonly message: Message;
  readonly onClose: () => void;
}) {
  const t = useText();
  const client = useClient();
  const toast = useToast();
  const entries = useSignal(client.conversations);
  const [wanted, setWanted] = useState('');
  const found = useMemo(
    () => entries.filter((entry) => entry.conv !== message.conv && isWanted(entry, wanted)),
    [entries, message.conv, wanted],
  );
  // One dialog is one forwarding, however often the button is pressed.
  const [id] = useState(() => `fwd-${Date.now().toString(36)}-${randomPart()}`);
  const [isBusy, setBusy] = useState(false);
  const forward = async (conv: string, name: string): Promise<void> => {
    if (isBusy || message.seq === undefined) return;
    setBusy(true);
    try {
      await client.request('messages.forward', { conv, id, from: message.conv, seqs: [message.seq] });
      toast(t.chat.forwardTo.done(name), 'ok');
      onClose();
    } catch (error) {
      setBusy(false);
      toast(errorText(error, t), 'error');
    }
  };
  return (
    <Dialog open title={t.chat.forwardTo.title} onClose={onClose}>
      <TextField
        label={t.chat.forwardTo.find}
        hideLabel
        ref={focusFirst}
        placeholder={t.chat.forwardTo.find}
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
      />
      {found.length === 0 && <p className="forward__none">{t.chat.forwardTo.none}</p>}
      <ul className="forward" aria-label={t.chat.forwardTo.list}>
        {found.slice(0, maxShown).map((entry) => (
          <Target key={entry.conv} entry={entry} onPick={(name) => void forward(entry.conv, name)} />
        ))}
      </ul>
    </Dialog>
  );
}

const maxShown = 50;

/** A dialog gives the focus to what asks for it, else to its first button. */
const focusFirst = (field: HTMLInputElement | null): void => field?.setAttribute('autofocus', '');

const randomPart = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(2)), (n) => n.toString(36)).join('');

function isWanted({ name, uid, gid }: ConversationEntry, wanted: string): boolean {
  const text = wanted.trim().toLowerCase();
  return uid !== 'system' && [name, uid, gid].some((known) => known?.toLowerCase().includes(text));
}

function Target({
  entry,
  onPick,
}: {
  readonly entry: ConversationEntry;
  readonly onPick: (name: string) => void;
}) {
  const t = useText();
  const me = useMe();
  const { uid, gid, conv } = entry;
  const userName = useName(uid ?? '');
  const profile = useProfile(uid ?? '');
  const name = uid === undefined ? (entry.name ?? gid ?? conv) : uid === me ? t.chat.notes : userName;
  return (
    <li>
      <button type="button" className="forward__target" onClick={() => onPick(name)}>
        <Avatar
          uid={uid ?? gid ?? conv}
          name={name}
          src={profile?.avatar}
          size={36}
          group={gid !== undefined}
        />
        <span className="ellipsis">{name}</span>
      </button>
    </li>
  );
}
