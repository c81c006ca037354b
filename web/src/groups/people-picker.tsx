import { Check, Search, X } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { useMe, useName, useProfile } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import type { Friend } from '../people/people.ts';
import { usePeople, useResource } from '../people/provider.tsx';
import { useUserSearch } from '../people/use-search.ts';
import { Avatar, TextField } from '../ui/index.ts';
import './people-picker.css';

interface Candidate {
  readonly uid: string;
  readonly name: string;
}

interface PeoplePickerProps {
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
  /** Who is shown, but cannot be chosen: members. */
  readonly isTaken?: (uid: string) => boolean;
}

const maxShown = 100;
const nobody = () => false;

/** Chooses people: among friends, or anybody found by name. Who is chosen stands above. */
export function PeoplePicker({ chosen, onChange, isTaken = nobody }: PeoplePickerProps) {
  const t = useText();
  const p = t.people.groups.picker;
  const [query, setQuery] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const { candidates, error, isSearching } = useCandidates(query);
  const toggle = (uid: string) => {
    onChange(chosen.includes(uid) ? chosen.filter((one) => one !== uid) : [...chosen, uid]);
    if (query === '') return;
    setQuery('');
    field.current?.focus();
  };
  const first = candidates.find(({ uid }) => !(isTaken(uid) || chosen.includes(uid)));
  return (
    <div className="picker">
      {chosen.length > 0 && (
        <ul className="picker__chips" aria-label={p.chosen}>
          {chosen.map((uid) => (
            <li key={uid}>
              <Chip uid={uid} onDrop={() => toggle(uid)} />
            </li>
          ))}
        </ul>
      )}
      <TextField
        ref={field}
        label={p.find}
        hideLabel
        placeholder={p.find}
        value={query}
        leading={<Search size={18} />}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
          event.preventDefault();
          if (query.trim() !== '' && first !== undefined) toggle(first.uid);
        }}
      />
      <ul className="picker__list" aria-label={query.trim() === '' ? p.friends : p.found}>
        {candidates.slice(0, maxShown).map((candidate) => (
          <li key={candidate.uid}>
            <Choosable
              candidate={candidate}
              isChosen={chosen.includes(candidate.uid)}
              isTaken={isTaken(candidate.uid)}
              onToggle={toggle}
            />
          </li>
        ))}
      </ul>
      {error !== undefined && (
        <p className="picker__note" role="alert">
          {errorText(error, t)}
        </p>
      )}
      {candidates.length === 0 && error === undefined && !isSearching && (
        <p className="picker__note">{query.trim() === '' ? p.noFriends : p.nobody}</p>
      )}
    </div>
  );
}

/** Friends that fit come first, then all others whom the server finds. */
function useCandidates(query: string) {
  const me = useMe();
  const friends = useResource(usePeople().friends).value;
  const { found, isLoading, error } = useUserSearch(query);
  const candidates = useMemo(() => {
    const wanted = query.trim().toLowerCase();
    const known = (friends ?? []).filter((friend) => fits(friend, wanted)).map(toCandidate);
    const uids = new Set([me, ...known.map(({ uid }) => uid)]);
    const others = (wanted === '' ? [] : (found ?? [])).filter(({ uid }) => !uids.has(uid));
    return [...known, ...others.map(({ uid, name }) => ({ uid, name: name || uid }))];
  }, [query, me, friends, found]);
  return { candidates, error, isSearching: isLoading || (query.trim() === '' && friends === undefined) };
}

const toCandidate = ({ uid, remark, name }: Friend): Candidate => ({ uid, name: remark || name || uid });

const fits = ({ uid, remark = '', name = '' }: Friend, wanted: string): boolean =>
  wanted === '' || [uid, remark, name].some((word) => word.toLowerCase().includes(wanted));

function Choosable({
  candidate: { uid, name },
  isChosen,
  isTaken,
  onToggle,
}: {
  readonly candidate: Candidate;
  readonly isChosen: boolean;
  readonly isTaken: boolean;
  readonly onToggle: (uid: string) => void;
}) {
  const t = useText().people.groups.picker;
  const avatar = useProfile(uid)?.avatar;
  return (
    <label className="picker__person">
      <Avatar uid={uid} name={name} src={avatar} size={36} />
      <span className="picker__names">
        <span className="ellipsis">{name}</span>
        <span className="picker__uid ellipsis">{isTaken ? t.isMember : `@${uid}`}</span>
      </span>
      <input
        type="checkbox"
        className="picker__box"
        aria-label={name === uid ? uid : `${name} (@${uid})`}
        checked={isChosen || isTaken}
        disabled={isTaken}
        onChange={() => onToggle(uid)}
        onKeyDown={(event) => {
          // As in a list of buttons; the form is not sent by it.
          if (event.key !== 'Enter') return;
          event.preventDefault();
          onToggle(uid);
        }}
      />
      <span className="picker__mark" aria-hidden>
        <Check size={14} strokeWidth={3} />
      </span>
    </label>
  );
}

function Chip({ uid, onDrop }: { readonly uid: string; readonly onDrop: () => void }) {
  const t = useText().people.groups.picker;
  const name = useName(uid);
  const avatar = useProfile(uid)?.avatar;
  return (
    <button
      type="button"
      className="picker__chip"
      aria-label={t.drop(name)}
      title={t.drop(name)}
      onClick={onDrop}
    >
      <Avatar uid={uid} name={name} src={avatar} size={24} />
      <span className="ellipsis">{name}</span>
      <X size={14} aria-hidden />
    </button>
  );
}
