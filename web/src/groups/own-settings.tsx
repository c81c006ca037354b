import { Pencil } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useClient, useMe } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { MuteSwitch } from '../people/mute-switch.tsx';
import { useResource } from '../people/provider.tsx';
import { IconButton } from '../ui/index.ts';
import type { Group } from './group.ts';
import { MemberDialog } from './member-dialog.tsx';
import './own-settings.css';

/** What concerns the user alone: whether the group is announced, and what they are called in it. */
export function OwnSettings({ group }: { readonly group: Group }) {
  const t = useText().people.groups;
  const me = useMe();
  const client = useClient();
  const conversation = useMemo(() => client.conversation({ gid: group.gid }), [client, group]);
  const member = useResource(group.members).value?.find(({ uid }) => uid === me);
  const [isNaming, setNaming] = useState(false);
  return (
    <div className="group-part own-settings">
      <MuteSwitch conversation={conversation} label={t.mute} hint={t.muteHint} />
      {member !== undefined && (
        <div className="own-settings__nick">
          <span className="own-settings__words">
            <span>{t.nick.ownTitle}</span>
            <span className="own-settings__value ellipsis">{member.nick ?? t.nick.none}</span>
          </span>
          <IconButton
            small
            label={t.members.renameMe}
            icon={<Pencil size={17} />}
            onClick={() => setNaming(true)}
          />
        </div>
      )}
      {member !== undefined && isNaming && (
        <MemberDialog
          task={{ action: 'rename', member }}
          name={member.nick ?? member.uid}
          group={group}
          onClose={() => setNaming(false)}
        />
      )}
    </div>
  );
}
