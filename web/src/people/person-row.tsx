import type { ReactNode } from 'react';
import { useName, usePresence, useProfile } from '../client.tsx';
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
  const avatar = useProfile(uid)?.avatar;
  const below = detail ?? (shown === uid ? undefined : `@${uid}`);
  return (
    <div className="person-row">
      <a className="person-row__link" href={hrefOf({ page: 'person', uid })}>
        {showsPresence ? (
          <OnlineAvatar uid={uid} name={shown} src={avatar} />
        ) : (
          <Avatar uid={uid} name={shown} src={avatar} size={40} />
        )}
        <span className="person-row__text">
          <span className="person-row__first">
            <span className="person-row__name ellipsis">{shown}</span>
            {mark}
          </span>
          {below !== undefined && <span className="person-row__detail">{below}</span>}
        </span>
      </a>
      {actions !== undefined && <span className="person-row__actions">{actions}</span>}
    </div>
  );
}

function OnlineAvatar({
  uid,
  name,
  src,
}: {
  readonly uid: string;
  readonly name: string;
  readonly src: string | undefined;
}) {
  return <Avatar uid={uid} name={name} src={src} size={40} online={usePresence(uid)?.online} />;
}
