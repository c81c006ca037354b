import { type ReactNode, useMemo } from 'react';
import { State } from '../../../sdk/signal.ts';
import type { Presence } from '../../../sdk/types.ts';
import { useClient, useName, useProfile, useSignal } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { hrefOf } from '../route.ts';
import { Avatar } from '../ui/index.ts';
import './person-row.css';

interface PersonRowProps {
  readonly uid: string;
  /** Instead of what the user calls them. */
  readonly name?: string | undefined;
  /** Beside the name. */
  readonly mark?: ReactNode;
  /** Below the name; the uid where absent and different. */
  readonly detail?: ReactNode;
  /** Whether being online is shown; watched meanwhile. */
  readonly showsPresence?: boolean;
  readonly actions?: ReactNode;
}

/** Somebody in a list: leads to their details, with buttons at the end. */
export function PersonRow({ uid, name, mark, detail, showsPresence = false, actions }: PersonRowProps) {
  const own = useName(uid);
  const shown = name || own;
  const t = useText().people.person;
  const avatar = useProfile(uid)?.avatar;
  const isOnline = useIsOnline(uid, showsPresence);
  const below = detail ?? (shown === uid ? undefined : `@${uid}`);
  return (
    <div className="person-row">
      <a className="person-row__link" href={hrefOf({ page: 'person', uid })}>
        <Avatar uid={uid} name={shown} src={avatar} size={40} online={isOnline} />
        <span className="person-row__text">
          <span className="person-row__first">
            <span className="person-row__name ellipsis">{shown}</span>
            {mark}
          </span>
          {below !== undefined && <span className="person-row__detail">{below}</span>}
        </span>
      </a>
      {isOnline && <span className="unseen">{t.online}</span>}
      {actions !== undefined && <span className="person-row__actions">{actions}</span>}
    </div>
  );
}

const unknown = new State<Presence | undefined>(undefined);

/** Watched only where it is wanted. */
function useIsOnline(uid: string, isWanted: boolean): boolean {
  const client = useClient();
  const presence = useMemo(() => (isWanted ? client.presence(uid) : unknown), [client, uid, isWanted]);
  return useSignal(presence)?.online === true;
}
