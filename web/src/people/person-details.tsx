import type { ReactNode } from 'react';
import { useText } from '../i18n/index.ts';
import { go } from '../route.ts';
import { PaneHeader } from '../ui/index.ts';
import { Person } from './person.tsx';
import './person-details.css';

/** Who somebody is, and what one can do about them: a panel beside the conversation. */
export function PersonDetails({ uid, onClose }: { readonly uid: string; readonly onClose: () => void }) {
  const t = useText().people.person;
  return (
    <section className="person-details" aria-label={t.title}>
      <PaneHeader title={t.title} onClose={onClose} />
      <Scroller>
        <Person uid={uid} hasTalk={false} />
      </Scroller>
    </section>
  );
}

/** The same as a screen of its own. */
export function PersonScreen({ uid }: { readonly uid: string }) {
  const t = useText().people.person;
  return (
    <main className="person-details" aria-label={t.title}>
      <PaneHeader title={t.title} onBack={goBack} />
      <Scroller>
        <Person uid={uid} hasTalk />
      </Scroller>
    </main>
  );
}

/** One gets here from many places. */
function goBack(): void {
  if (history.length > 1) history.back();
  else go({ page: 'people' });
}

function Scroller({ children }: { readonly children: ReactNode }) {
  return <div className="person-details__scroller">{children}</div>;
}
