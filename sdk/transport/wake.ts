/** `back`: somebody looks at the page again, or the network is back. `away`: the network says that it is gone. */
export type Wake = (handler: (what: 'back' | 'away') => void) => () => void;

/** What a browser tells of; nothing elsewhere. */
export const onWake: Wake = (handler) => {
  const { document, window } = globalThis as { document?: Document; window?: Window };
  if (document === undefined || window === undefined) return () => {};
  const listening = new AbortController();
  const { signal } = listening;
  const back = (): void => handler('back');
  window.addEventListener('online', back, { signal });
  window.addEventListener('offline', () => handler('away'), { signal });
  window.addEventListener('pageshow', back, { signal });
  document.addEventListener('resume', back, { signal });
  document.addEventListener(
    'visibilitychange',
    () => {
      if (document.visibilityState === 'visible') back();
    },
    { signal },
  );
  return () => listening.abort();
};
