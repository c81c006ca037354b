import { Avatar } from '../ui/index.ts';
import './person-result.css';

/** Somebody who was found: a button that opens the conversation. */
export function PersonResult({
  uid,
  name,
  avatar,
  onOpen,
}: {
  readonly uid: string;
  readonly name?: string | undefined;
  readonly avatar?: string | undefined;
  readonly onOpen: (uid: string) => void;
}) {
  return (
    <button type="button" className="person-result" data-row={uid} onClick={() => onOpen(uid)}>
      <Avatar uid={uid} name={name} src={avatar} size={36} />
      <span className="person-result__name ellipsis">{name || uid}</span>
      {name && name !== uid && <span className="person-result__uid ellipsis">{uid}</span>}
    </button>
  );
}
