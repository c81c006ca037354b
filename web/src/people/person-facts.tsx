import { Copy, Pencil } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { copyText } from '../copy.ts';
import { useLanguage, useText } from '../i18n/index.ts';
import { date } from '../remote/when.ts';
import { IconButton, useToast } from '../ui/index.ts';
import { useFriend } from './provider.tsx';
import { RemarkDialog } from './remark-dialog.tsx';
import './person-facts.css';

interface PersonFactsProps {
  readonly uid: string;
  readonly profile: { readonly name?: string | undefined; readonly bio?: string | undefined } | undefined;
}

/** What is known of somebody, a line each. */
export function PersonFacts({ uid, profile }: PersonFactsProps) {
  const t = useText().people.person;
  const language = useLanguage();
  const toast = useToast();
  const friend = useFriend(uid);
  const [isEditing, setEditing] = useState(false);
  const copyUid = async () => {
    if (await copyText(uid)) toast(t.copied, 'ok');
  };
  return (
    <dl className="person-facts person__part">
      <Fact
        label={t.userName}
        action={
          <IconButton small label={t.copyUid} icon={<Copy size={16} />} onClick={() => void copyUid()} />
        }
      >
        {uid}
      </Fact>
      {friend?.remark !== undefined && profile?.name !== undefined && (
        <Fact label={t.name}>{profile.name}</Fact>
      )}
      {friend !== undefined && (
        <Fact
          label={t.remark}
          action={
            <IconButton
              small
              label={friend.remark === undefined ? t.addRemark : t.editRemark}
              icon={<Pencil size={16} />}
              onClick={() => setEditing(true)}
            />
          }
        >
          {friend.remark ?? <span className="person-facts__none">{t.noRemark}</span>}
        </Fact>
      )}
      {profile?.bio !== undefined && <Fact label={t.about}>{profile.bio}</Fact>}
      {friend !== undefined && <Fact label={t.friend}>{t.friendSince(date(friend.since, language))}</Fact>}
      {friend !== undefined && isEditing && (
        <RemarkDialog friend={friend} onClose={() => setEditing(false)} />
      )}
    </dl>
  );
}

function Fact({
  label,
  action,
  children,
}: {
  readonly label: string;
  readonly action?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <div className="person-facts__fact">
      <dt>{label}</dt>
      <dd>
        <span className="person-facts__value">{children}</span>
        {action}
      </dd>
    </div>
  );
}
