import { type FocusEvent, type KeyboardEvent, type RefObject, useCallback, useMemo, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';
import type { Row } from './rows.ts';

const steps: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };

/** Up and down go from message to message; the one that has the focus stays in the page. */
export function useLogKeys(
  rows: readonly Row[],
  virtual: RefObject<VirtualizerHandle | null>,
  scroller: RefObject<HTMLDivElement | null>,
) {
  const [focused, setFocused] = useState<string | undefined>(undefined);
  const index = useMemo(
    () => (focused === undefined ? -1 : rows.findLastIndex(({ message }) => message.key === focused)),
    [rows, focused],
  );
  const onKeyDown = useCallback(
    (event: KeyboardEvent<HTMLElement>) => {
      const target = event.target as HTMLElement;
      const step = steps[event.key];
      const isOwn = target === scroller.current || target.matches('[data-message]');
      if (step === undefined || !isOwn || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const from = target === scroller.current ? lastShown(virtual.current, rows.length) - step : index;
      const to = Math.min(rows.length - 1, Math.max(0, from + step));
      const row = rows[to];
      if (row === undefined) return;
      virtual.current?.scrollToIndex(to, { align: 'nearest' });
      setFocused(row.message.key);
      focusSoon(scroller.current, row.message.key);
    },
    [rows, index, virtual, scroller],
  );
  const onFocus = useCallback((event: FocusEvent<HTMLElement>) => {
    setFocused((event.target as HTMLElement).closest<HTMLElement>('[data-message]')?.dataset.message);
  }, []);
  const onBlur = useCallback((event: FocusEvent<HTMLElement>) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setFocused(undefined);
  }, []);
  const keepMounted = useMemo(() => (index < 0 ? [] : [index]), [index]);
  return { keepMounted, props: { onKeyDown, onFocus, onBlur } };
}

/** The last one that is wholly in sight. */
function lastShown(handle: VirtualizerHandle | null, length: number): number {
  if (handle === null) return length - 1;
  const end = handle.scrollOffset + handle.viewportSize - 1;
  const index = handle.findItemIndex(end);
  const isWhole = handle.getItemOffset(index) + handle.getItemSize(index) <= end + 2;
  return isWhole ? index : Math.max(0, index - 1);
}

/** It may come into the page with the scrolling. */
function focusSoon(scroller: HTMLElement | null, key: string, attempts = 5): void {
  requestAnimationFrame(() => {
    const element = scroller?.querySelector<HTMLElement>(`[data-message="${CSS.escape(key)}"]`);
    if (element) element.focus({ preventScroll: true });
    else if (attempts > 1) focusSoon(scroller, key, attempts - 1);
  });
}
