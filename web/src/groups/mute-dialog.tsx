import { useState } from 'react';
import { useAction, useClient } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { FormError } from '../people/form-error.tsx';
import { Button, Dialog } from '../ui/index.ts';
import { Choice } from './choice.tsx';
import type { MemberDialogProps } from './member-dialog.tsx';
import { foreverMs } from './permissions.ts';

const hourMs = 3_600_000;
const lengths = { hour: hourMs, day: 24 * hourMs, week: 7 * 24 * hourMs, forever: foreverMs } as const;
const choices = ['hour', 'day', 'week', 'forever'] as const;

/** Takes the word from a member for a while. */
export function MuteDialog({ member, name, group, onClose }: MemberDialogProps) {
  const t = useText();
  const m = t.people.groups.muteMember;
  const client = useClient();
  const [length, setLength] = useState<keyof typeof lengths>('hour');
  const { run, isBusy, error } = useAction(async () => {
    const mutedUntil = Date.now() + lengths[length];
    await client.request('groups.members.update', { gid: group.gid, uid: member.uid, mutedUntil });
    await group.members.refresh();
  });
  const mute = async () => {
    if (await run()) onClose();
  };
  return (
    <Dialog
      title={m.title(name)}
      open
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.people.common.cancel}</Button>
          <Button variant="primary" busy={isBusy} onClick={() => void mute()}>
            {m.submit}
          </Button>
        </>
      }
    >
      <p>{m.text}</p>
      <Choice
        label={m.label}
        options={choices.map((value) => ({ value, label: m[value] }))}
        value={length}
        onChange={setLength}
      />
      {error !== undefined && <FormError>{errorText(error, t)}</FormError>}
    </Dialog>
  );
}
