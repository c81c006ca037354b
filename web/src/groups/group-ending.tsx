import { LogOut, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useClient } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { Confirm } from '../people/confirm.tsx';
import { go } from '../route.ts';
import { Button, useToast } from '../ui/index.ts';
import type { Group } from './group.ts';
import type { GroupInfo } from './permissions.ts';
import './group-ending.css';

/** Leaving, or for the owner dissolving: both asked for twice. */
export function GroupEnding({ group, info }: { readonly group: Group; readonly info: GroupInfo }) {
  const t = useText().people.groups;
  const client = useClient();
  const toast = useToast();
  const [isAsked, setAsked] = useState(false);
  const isOwner = info.role === 'owner';
  const texts = isOwner ? t.dissolve : t.leave;
  const end = async () => {
    await client.request(isOwner ? 'groups.dissolve' : 'groups.leave', { gid: info.gid });
  };
  const after = () => {
    toast(texts.done(info.name));
    void group.renew();
    go({ page: 'home' }, { replace: true });
  };
  return (
    <div className="group-part group-ending">
      {isOwner && <p className="group-part__note">{t.leave.owner}</p>}
      <Button variant="danger" onClick={() => setAsked(true)}>
        {isOwner ? <Trash2 size={18} aria-hidden /> : <LogOut size={18} aria-hidden />}
        {texts.open}
      </Button>
      {isAsked && (
        <Confirm
          title={texts.title(info.name)}
          text={isOwner ? t.dissolve.text(info.memberCount) : t.leave.text}
          submit={texts.submit}
          isDanger
          work={end}
          onDone={after}
          onClose={() => setAsked(false)}
        />
      )}
    </div>
  );
}
