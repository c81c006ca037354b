import { type ComponentType, lazy, type ReactNode, Suspense } from 'react';
import { Spinner } from './ui/index.ts';
import './later.css';

/** What is not needed to read and write: one file, fetched when the first of these is opened. */
const screens = () => import('./screens.ts');
type Screens = Awaited<ReturnType<typeof screens>>;

/** A screen that comes when it is opened; with what is shown meanwhile. */
export function later<Props extends object>(
  pick: (loaded: Screens) => ComponentType<Props>,
  meanwhile: ReactNode = <Waiting />,
): ComponentType<Props> {
  const Lazy: ComponentType<Props> = lazy(async () => ({ default: pick(await screens()) }));
  return function Later(props) {
    return (
      <Suspense fallback={meanwhile}>
        <Lazy {...props} />
      </Suspense>
    );
  };
}

/** Fetches them while nothing else is to do: they then open at once, also without the network. */
export function fetchScreens(): void {
  const fetch = () => void screens().catch(() => {});
  if ('requestIdleCallback' in globalThis) requestIdleCallback(fetch, { timeout: 5000 });
  else setTimeout(fetch, 2000);
}

function Waiting() {
  return (
    <div className="later">
      <Spinner />
    </div>
  );
}
