import { useMemo, useState } from 'react';
import { useAction, useClient } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { FormError } from '../people/form-error.tsx';
import { Button, Dialog, useToast } from '../ui/index.ts';
import type { Group } from './group.ts';
import { PeoplePicker } from './people-picker.tsx';
import type { Member } from './permissions.ts';

/** Takes people into the group at once. */
export function AddMembersDialog({
  group,
  members,
  onClose,
}: {
  readonly group: Group;
  readonly members: readonly Member[];
  readonly onClose: () => void;
}) {
  const t = useText();
  const g = t.people.groups;
  const client = useClient();
  const toast = useToast();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const uids = useMemo(() => new Set(members.map(({ uid }) => uid)), [members]);
  const { run, isBusy, error } = useAction(async () => {
    const { added } = await client.request('groups.members.add', { gid: group.gid, uids: chosen });
    await Promise.all([group.info.refresh(), group.members.refresh()]);
    toast(added.length === 0 ? g.members.alreadyIn : g.members.added(added.length), 'ok');
  });
  const add = async () => {
    if (await run()) onClose();
  };
  return (
    <Dialog
      title={g.members.addTitle}
      open
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.people.common.cancel}</Button>
          <Button variant="primary" busy={isBusy} disabled={chosen.length === 0} onClick={() => void add()}>
            {t.people.common.add}
          </Button>
        </>
      }
    >
      <PeoplePicker chosen={chosen} onChange={setChosen} isTaken={(uid) => uids.has(uid)} />
      {error !== undefined && <FormError>{errorText(error, t)}</FormError>}
    </Dialog>
  );
}
