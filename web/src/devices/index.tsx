import { lazy, Suspense } from 'react';
import { Spinner } from '../ui/index.ts';

const LazyDevices = lazy(() =>
  import('./devices-screen.tsx').then((file) => ({ default: file.DevicesScreen })),
);

/** The user's devices, each with a way to sign it out. */
export function DevicesScreen() {
  return (
    <Suspense fallback={<Spinner />}>
      <LazyDevices />
    </Suspense>
  );
}
