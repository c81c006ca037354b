import { Search, UserPlus } from 'lucide-react';
import { type RefObject, useMemo, useState } from 'react';
import { useMe, useSignal } from '../client.tsx';
import { useLanguage, useText } from '../i18n/index.ts';
import { Answered } from '../people/answered.tsx';
import { usePeople, useResource } from '../people/provider.tsx';
import { Rows } from '../people/rows.tsx';
import { Button, TextField } from '../ui/index.ts';
import { AddMembersDialog } from './add-members.tsx';
import { type Group, maxMembers } from './group.ts';
import { MemberDialog, type MemberTask } from './member-dialog.tsx';
import { MemberRow } from './member-row.tsx';
import { calledOf, type GroupInfo, isManager, type Member, sortedMembers } from './permissions.ts';

/** As many are shown at first, so that what stands below is near. */
const shownFirst = 8;

interface MemberListProps {
  readonly group: Group;
  readonly info: GroupInfo;
  readonly scroller: RefObject<HTMLElement | null>;
}

/** Who is in the group: owner and admins first, with what the user may do to each. */
export function MemberList({ group, info, scroller }: MemberListProps) {
  const t = useText().people.groups;
  const language = useLanguage();
  const me = useMe();
  const [isAdding, setAdding] = useState(false);
  const [isWhole, setWhole] = useState(false);
  const [query, setQuery] = useState('');
  const [task, setTask] = useState<MemberTask | undefined>(undefined);
  const { all, nameOf } = useMembers(group);
  const wanted = query.trim().toLowerCase();
  const found = useMemo(
    () => (wanted === '' ? all : all.filter((member) => fits(member, nameOf(member), wanted))),
    [all, nameOf, wanted],
  );
  const isFolded = !isWhole && wanted === '' && found.length > shownFirst + 2;
  const shown = useMemo(() => (isFolded ? found.slice(0, shownFirst) : found), [found, isFolded]);
  const role = info.role ?? 'member';
  return (
    <section className="group-part">
      <div className="group-part__head">
        <h3 className="group-part__title">
          {t.members.title}{' '}
          <span className="group-part__count">{info.memberCount.toLocaleString(language)}</span>
        </h3>
        {isManager(info.role) && (
          <Button onClick={() => setAdding(true)}>
            <UserPlus size={16} aria-hidden />
            {t.members.add}
          </Button>
        )}
      </div>
      <Answered resource={group.members}>
        {all.length > shownFirst && (
          <div className="member-list__find">
            <TextField
              label={t.members.find}
              hideLabel
              placeholder={t.members.find}
              value={query}
              leading={<Search size={18} />}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setQuery(event.target.value)}
            />
          </div>
        )}
        <Rows label={t.members.list} items={shown} keyOf={uidOf} scroller={scroller}>
          {(member) => (
            <MemberRow
              member={member}
              name={nameOf(member)}
              me={{ uid: me, role }}
              group={group}
              onTask={setTask}
            />
          )}
        </Rows>
        {found.length === 0 && <p className="group-part__note">{t.members.nobody}</p>}
        {isFolded && (
          <Button className="member-list__whole" onClick={() => setWhole(true)}>
            {t.members.whole(info.memberCount)}
          </Button>
        )}
        {all.length >= maxMembers && !isFolded && (
          <p className="group-part__note">{t.members.first(all.length)}</p>
        )}
      </Answered>
      {isAdding && <AddMembersDialog group={group} members={all} onClose={() => setAdding(false)} />}
      {task !== undefined && (
        <MemberDialog
          task={task}
          name={nameOf(task.member)}
          group={group}
          onClose={() => setTask(undefined)}
        />
      )}
    </section>
  );
}

function useMembers(group: Group) {
  const language = useLanguage();
  const remarks = useSignal(usePeople().remarks);
  const { value } = useResource(group.members);
  return useMemo(() => {
    const nameOf = (member: Member) => calledOf(member, remarks.get(member.uid));
    return { all: sortedMembers(value ?? [], nameOf, language), nameOf };
  }, [value, remarks, language]);
}

const uidOf = ({ uid }: Member): string => uid;

const fits = (member: Member, called: string, wanted: string): boolean =>
  [called, member.name ?? '', member.uid].some((word) => word.toLowerCase().includes(wanted));
