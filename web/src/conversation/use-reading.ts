import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { MessageList } from '../../../sdk/types.ts';
import { useSignal } from '../client.tsx';
import { usePane } from './pane.tsx';
import { isEvent } from './rows.ts';

/** Tells the server what was read: only what is on a screen that somebody looks at. */
export function useReading(
  { items, isLoaded }: MessageList,
  isAtBottom: boolean,
): { readonly unreadAfter: number | undefined } {
  const { conversation, me } = usePane();
  const entry = useSignal(conversation.entry);
  const isLookedAt = useSyncExternalStore(subscribeToLooking, isLooking);
  const newest = newestSeq(items);
  const isKnown = entry !== undefined && isLoaded;
  const read = entry?.read ?? 0;
  const isMarkedUnread = entry?.markedUnread ?? false;
  const isReading = isLookedAt && isAtBottom;
  const told = useRef(0);
  useEffect(() => {
    if (!isKnown || !isReading || newest === 0) return;
    const isNews = newest > read && newest > told.current;
    if (!isNews && !isMarkedUnread) return;
    told.current = newest;
    conversation.markRead(newest);
  }, [conversation, isKnown, isReading, isMarkedUnread, newest, read]);
  return { unreadAfter: useUnreadLine(items, { newest, read, isKnown, isReading, me }) };
}

interface Reading {
  readonly newest: number;
  readonly read: number;
  readonly isKnown: boolean;
  readonly isReading: boolean;
  readonly me: string;
}

/** Where the line above the unread messages is: it stays where it was first seen until one writes or leaves. */
function useUnreadLine(items: MessageList['items'], reading: Reading): number | undefined {
  const { newest, isKnown } = reading;
  const [seen, setSeen] = useState<{ newest: number; after: number | undefined }>({
    newest: 0,
    after: undefined,
  });
  const after = isKnown && newest !== seen.newest ? lineAfter(items, reading, seen) : seen.after;
  // In the rendering itself, so that the first messages are placed with their line.
  if (isKnown && newest !== seen.newest) setSeen({ newest, after });
  return after;
}

function lineAfter(
  items: MessageList['items'],
  { read, isReading, me }: Reading,
  seen: { readonly newest: number; readonly after: number | undefined },
): number | undefined {
  const isFirstLook = seen.newest === 0;
  if (!isFirstLook && items.at(-1)?.from === me) return undefined;
  if (read === 0 || (!isFirstLook && isReading)) return seen.after;
  const isUnread = items.some(
    (message) => (message.seq ?? 0) > read && message.from !== me && !isEvent(message),
  );
  if (!isUnread) return seen.after;
  return seen.after !== undefined && seen.after >= read ? seen.after : read;
}

/** The newest that the server has; what is not sent yet is at the end. */
function newestSeq(items: MessageList['items']): number {
  return items.findLast(({ seq }) => seq !== undefined)?.seq ?? 0;
}

const isLooking = (): boolean => document.visibilityState === 'visible' && document.hasFocus();

function subscribeToLooking(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener);
  addEventListener('focus', listener);
  addEventListener('blur', listener);
  return () => {
    document.removeEventListener('visibilitychange', listener);
    removeEventListener('focus', listener);
    removeEventListener('blur', listener);
  };
}
