import { UsersRound } from 'lucide-react';
import { useRef } from 'react';
import { errorText, useText } from '../i18n/index.ts';
import { Answered } from '../people/answered.tsx';
import { useGroup, useResource } from '../people/provider.tsx';
import { codeOf } from '../remote/code.ts';
import { EmptyState, PaneHeader } from '../ui/index.ts';
import { GroupEnding } from './group-ending.tsx';
import { GroupHead } from './group-head.tsx';
import { InviteList } from './invite-list.tsx';
import { JoinRequests } from './join-requests.tsx';
import { MemberList } from './member-list.tsx';
import { OwnSettings } from './own-settings.tsx';
import { isManager } from './permissions.ts';
import './group-details.css';

/** What a group is and who is in it, with its management: a panel beside the conversation. */
export function GroupDetails({ gid, onClose }: { readonly gid: string; readonly onClose: () => void }) {
  const t = useText();
  const g = t.people.groups;
  const group = useGroup(gid);
  const { value: info, error } = useResource(group.info);
  const scroller = useRef<HTMLDivElement>(null);
  const isGone = codeOf(error) === 'group.not-found';
  return (
    <section className="group-details" aria-label={g.details}>
      <PaneHeader title={g.details} onClose={onClose} />
      <div className="group-details__scroller" ref={scroller}>
        {isGone ? (
          <EmptyState icon={<UsersRound />} title={g.gone} text={g.goneText} />
        ) : (
          <Answered resource={group.info}>
            {info !== undefined && (
              <div className="group-details__parts">
                {error !== undefined && <p role="alert">{errorText(error, t)}</p>}
                <GroupHead group={group} info={info} />
                <OwnSettings group={group} />
                {isManager(info.role) && <JoinRequests group={group} />}
                {isManager(info.role) && <InviteList group={group} />}
                <MemberList group={group} info={info} scroller={scroller} />
                <GroupEnding group={group} info={info} />
              </div>
            )}
          </Answered>
        )}
      </div>
    </section>
  );
}
