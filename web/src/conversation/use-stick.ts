import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';
import type { MessageList } from '../../../sdk/types.ts';

/** Nearer to the end than this is at the end, pixels. */
const nearPx = 48;

/** Where the window is: not placed yet, at the end, or above it. */
export type Place = 'none' | 'end' | 'above';

export interface Stick {
  /** How many messages of others came while the end was out of sight. */
  readonly missed: number;
  readonly toBottom: () => void;
  /** The end is not to be kept in sight any more. */
  readonly release: () => void;
  readonly onScroll: () => void;
  readonly onScrollEnd: () => void;
  readonly onResize: () => void;
}

/** Keeps the end in sight where it is in sight, whatever grows: messages, pictures, the composer, a phone's keyboard. */
export function useStick(
  virtual: RefObject<VirtualizerHandle | null>,
  { items, isLoaded }: MessageList,
  { me, place, onPlace, firstUnread }: StickOptions,
): Stick {
  const [missed, setMissed] = useState(0);
  const sticks = useRef(false);
  /** On the way to the end by itself: positions between are no wish of the user. */
  const isSettling = useRef(false);
  const last = useRef<string | undefined>(undefined);
  const length = useRef(0);
  length.current = items.length;

  const set = useCallback(
    (isAtEnd: boolean) => {
      sticks.current = isAtEnd;
      onPlace(isAtEnd ? 'end' : 'above');
      if (isAtEnd) setMissed(0);
    },
    [onPlace],
  );
  const scroll = useCallback(() => {
    isSettling.current = true;
    virtual.current?.scrollToIndex(length.current - 1, { align: 'end' });
  }, [virtual]);
  const toBottom = useCallback(() => {
    if (length.current === 0) return;
    set(true);
    scroll();
  }, [set, scroll]);
  const release = useCallback(() => {
    isSettling.current = false;
    set(false);
  }, [set]);

  const onScroll = useCallback(() => {
    const handle = virtual.current;
    if (handle === null) return;
    const isNear = handle.scrollSize - handle.viewportSize - handle.scrollOffset < nearPx;
    if (isNear !== sticks.current && (isNear || !isSettling.current)) set(isNear);
  }, [virtual, set]);
  const onScrollEnd = useCallback(() => {
    isSettling.current = false;
    onScroll();
  }, [onScroll]);
  const onResize = useCallback(() => {
    if (sticks.current) scroll();
  }, [scroll]);

  useLayoutEffect(() => {
    if (!isLoaded || items.length === 0) return;
    const before = last.current;
    last.current = items.at(-1)!.key;
    if (place === 'none') {
      if (firstUnread < 1) return toBottom();
      virtual.current?.scrollToIndex(firstUnread, { align: 'start' });
      // It may be the end, without a scroll that would say so.
      requestAnimationFrame(() => {
        set(false);
        onScroll();
      });
      return;
    }
    if (last.current === before) return;
    if (sticks.current) return scroll();
    const from = items.findLastIndex(({ key }) => key === before);
    const others = from < 0 ? 0 : items.slice(from + 1).filter((message) => message.from !== me).length;
    if (others > 0) setMissed((n) => n + others);
  }, [items, isLoaded, me, place, firstUnread, virtual, scroll, toBottom, set, onScroll]);

  return { missed, toBottom, release, onScroll, onScrollEnd, onResize };
}

interface StickOptions {
  readonly me: string;
  readonly place: Place;
  readonly onPlace: (place: Place) => void;
  /** The row with the line above it; -1 where there is none. */
  readonly firstUnread: number;
}
