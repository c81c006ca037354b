import { type RefObject, useEffect } from 'react';

/** What arrow keys go through: the rows of lists, and the box above them. */
const stops = '[data-row], [data-row-start]';

/** Up and down through the rows inside, from the box above them too; Home and End among rows. */
export function useArrows(area: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = area.current;
    if (element === null) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
      if (!(event.target instanceof HTMLElement)) return;
      const from = event.target.closest<HTMLElement>(stops);
      if (from === null || !element.contains(from)) return;
      const to = nextStop([...element.querySelectorAll<HTMLElement>(stops)], from, event.key);
      if (to === undefined) return;
      event.preventDefault();
      to.focus();
      to.scrollIntoView({ block: 'nearest' });
    };
    element.addEventListener('keydown', onKeyDown);
    return () => element.removeEventListener('keydown', onKeyDown);
  }, [area]);
}

function nextStop(all: readonly HTMLElement[], from: HTMLElement, key: string): HTMLElement | undefined {
  const place = all.indexOf(from);
  const isRow = from.dataset.row !== undefined;
  if (key === 'ArrowDown') return all[place + 1];
  if (key === 'ArrowUp') return isRow ? all[place - 1] : undefined;
  const rows = all.filter((one) => one.dataset.row !== undefined);
  if (key === 'Home' && isRow) return rows[0];
  return key === 'End' && isRow ? rows.at(-1) : undefined;
}
