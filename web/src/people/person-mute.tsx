import { useMemo } from 'react';
import { useClient } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { MuteSwitch } from './mute-switch.tsx';

/** Whether the conversation with somebody is announced. */
export function PersonMute({ uid }: { readonly uid: string }) {
  const t = useText().people.person;
  const client = useClient();
  const conversation = useMemo(() => client.conversation({ uid }), [client, uid]);
  return (
    <div className="person__part">
      <MuteSwitch conversation={conversation} label={t.mute} hint={t.muteHint} />
    </div>
  );
}
