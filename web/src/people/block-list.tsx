import { ShieldCheck } from 'lucide-react';
import type { RefObject } from 'react';
import { useName } from '../client.tsx';
import { useLanguage, useText } from '../i18n/index.ts';
import { date } from '../remote/when.ts';
import { Button, EmptyState } from '../ui/index.ts';
import { Answered } from './answered.tsx';
import type { Block } from './people.ts';
import { PersonRow } from './person-row.tsx';
import { usePeople, useResource } from './provider.tsx';
import { Rows } from './rows.tsx';
import { useUnblock } from './use-person-actions.ts';

/** Whom the user blocks. */
export function BlockList({ scroller }: { readonly scroller: RefObject<HTMLElement | null> }) {
  const t = useText().people.contacts;
  const { blocks } = usePeople();
  const { value = [] } = useResource(blocks);
  return (
    <Answered resource={blocks}>
      {value.length === 0 ? (
        <EmptyState icon={<ShieldCheck />} title={t.nobodyBlocked} text={t.nobodyBlockedText} />
      ) : (
        <Rows label={t.blocked} items={value} keyOf={({ uid }) => uid} scroller={scroller}>
          {(block) => <BlockRow block={block} />}
        </Rows>
      )}
    </Answered>
  );
}

function BlockRow({ block: { uid, name: given, since } }: { readonly block: Block }) {
  const t = useText().people.contacts;
  const language = useLanguage();
  const known = useName(uid);
  const name = given || known;
  const { run, isBusy } = useUnblock(uid, name);
  return (
    <PersonRow
      uid={uid}
      name={name}
      detail={t.blockedSince(date(since, language))}
      actions={
        <Button busy={isBusy} aria-label={t.unblockName(name)} onClick={() => void run()}>
          {t.unblock}
        </Button>
      }
    />
  );
}
