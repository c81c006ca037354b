import { useCallback, useEffect, useRef, useState } from 'react';

const shownMs = 1800;

/** The key of the message that was jumped to, for a moment. */
export function useHighlight(): readonly [string | undefined, (key: string) => void] {
  const [key, setKey] = useState<string | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const highlight = useCallback((shown: string) => {
    setKey(shown);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setKey(undefined), shownMs);
  }, []);
  return [key, highlight];
}
