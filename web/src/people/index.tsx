import { lazy, Suspense } from 'react';
import type { PeopleTab } from '../route.ts';
import { Spinner } from '../ui/index.ts';

// None of these is needed to read and write: they come when they are opened.
const LazyPeople = lazy(() => import('./people-screen.tsx').then((file) => ({ default: file.PeopleScreen })));
const person = () => import('./person-details.tsx');
const LazyDetails = lazy(() => person().then((file) => ({ default: file.PersonDetails })));
const LazyPerson = lazy(() => person().then((file) => ({ default: file.PersonScreen })));

/** Friends, requests for friendship, blocked users; and a search for anybody. */
export function PeopleScreen(props: { readonly tab?: PeopleTab | undefined }) {
  return (
    <Suspense fallback={<Spinner />}>
      <LazyPeople {...props} />
    </Suspense>
  );
}

/** Who somebody is, and what one can do about them: a panel beside the conversation. */
export function PersonDetails(props: { readonly uid: string; readonly onClose: () => void }) {
  return (
    <Suspense fallback={<Spinner />}>
      <LazyDetails {...props} />
    </Suspense>
  );
}

/** The same as a screen of its own. */
export function PersonScreen(props: { readonly uid: string }) {
  return (
    <Suspense fallback={<Spinner />}>
      <LazyPerson {...props} />
    </Suspense>
  );
}
