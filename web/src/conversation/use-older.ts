import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';
import type { MessageList } from '../../../sdk/types.ts';
import { usePane } from './pane.tsx';

/** Older messages are asked for when the beginning of what is loaded is nearer than this, pixels. */
const nearPx = 1500;
const pageSize = 100;
const pauseAfterFailureMs = 2000;

export interface Older {
  readonly isLoading: boolean;
  /** Whether what is new in this rendering was put before what was there. */
  readonly isPrepending: boolean;
  readonly onScroll: (offset: number) => void;
}

/** Loads what was said before, as its place comes near. */
export function useOlder(
  { items, hasOlder, isLoaded }: MessageList,
  virtual: RefObject<VirtualizerHandle | null>,
  isPlaced: boolean,
): Older {
  const { conversation } = usePane();
  const [isLoading, setLoading] = useState(false);
  const isAsking = useRef(false);
  const firstKey = useRef<string | undefined>(undefined);
  const first = items[0]?.key;
  const isPrepending = firstKey.current !== undefined && firstKey.current !== first;
  useLayoutEffect(() => {
    firstKey.current = first;
  }, [first]);

  const load = useCallback(() => {
    if (isAsking.current) return;
    isAsking.current = true;
    setLoading(true);
    conversation
      .loadOlder(pageSize)
      // Offline, mostly: tried again when the user goes on.
      .catch(() => new Promise((resolve) => setTimeout(resolve, pauseAfterFailureMs)))
      .finally(() => {
        isAsking.current = false;
        setLoading(false);
      });
  }, [conversation]);

  const onScroll = useCallback(
    (offset: number) => {
      if (offset < nearPx && hasOlder && isLoaded && isPlaced) load();
    },
    [hasOlder, isLoaded, isPlaced, load],
  );
  // What was loaded may not fill the window, or be passed already.
  useEffect(() => {
    const handle = virtual.current;
    if (handle === null || items.length === 0 || isLoading) return;
    onScroll(handle.scrollOffset);
  }, [virtual, items, isLoading, onScroll]);
  return { isLoading, isPrepending, onScroll };
}
