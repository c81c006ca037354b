/** Tells when the page stops running (frozen, or put aside by *back*) and when it goes on; never where there is no page. */
export function onStandstill(onStop: () => void, onGo: () => void): () => void {
  const { document, window } = globalThis as { document?: Document; window?: Window };
  if (document === undefined || window === undefined) return () => {};
  const listening = new AbortController();
  const { signal } = listening;
  document.addEventListener('freeze', onStop, { signal });
  document.addEventListener('resume', onGo, { signal });
  window.addEventListener('pagehide', onStop, { signal });
  window.addEventListener('pageshow', onGo, { signal });
  return () => listening.abort();
}
