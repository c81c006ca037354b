import { useCallback, useEffect, useRef, useState } from 'react';
import { useSignal } from '../client.tsx';
import { usePane } from './pane.tsx';

const pauseMs = 900;
/** What comes back this soon after saving is an echo of one's own. */
const echoMs = 5000;
const maxDraftLength = 4096;

/** What is written and not sent: kept with the conversation, on all of the user's devices. */
export function useDraft(): readonly [text: string, setText: (text: string) => void, flush: () => void] {
  const { conversation } = usePane();
  const stored = useSignal(conversation.entry)?.draft ?? '';
  const [text, setText] = useState(stored);
  const latest = useRef(text);
  const saved = useRef({ text: stored, at: 0 });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const flush = useCallback(() => {
    clearTimeout(timer.current);
    const draft = latest.current.slice(0, maxDraftLength);
    if (draft === saved.current.text) return;
    const before = saved.current;
    saved.current = { text: draft, at: Date.now() };
    conversation.update({ draft: draft.trim() === '' ? null : draft }).catch(() => {
      if (saved.current.text === draft) saved.current = before;
    });
  }, [conversation]);

  const change = useCallback(
    (changed: string) => {
      latest.current = changed;
      setText(changed);
      clearTimeout(timer.current);
      timer.current = setTimeout(flush, pauseMs);
    },
    [flush],
  );

  // Written on another device: taken where nothing was written here meanwhile.
  useEffect(() => {
    const { text: known, at } = saved.current;
    if (stored === known || Date.now() - at < echoMs) return;
    saved.current = { text: stored, at: 0 };
    if (latest.current !== known) return;
    latest.current = stored;
    setText(stored);
  }, [stored]);

  useEffect(() => {
    const onHide = (): void => {
      if (document.visibilityState === 'hidden') flush();
    };
    document.addEventListener('visibilitychange', onHide);
    return () => {
      document.removeEventListener('visibilitychange', onHide);
      flush();
    };
  }, [flush]);
  return [text, change, flush];
}
