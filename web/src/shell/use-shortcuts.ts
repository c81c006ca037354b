import { type RefObject, useEffect } from 'react';
import { go, parseRoute } from '../route.ts';

/** Ctrl or Cmd with K finds; on phones that leads to the list first. Escape goes up from where nothing else heeds it. */
export function useShortcuts(searchBox: RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return;
      if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey) {
        event.preventDefault();
        if (searchBox.current?.checkVisibility() === false) go({ page: 'home' });
        requestAnimationFrame(() => searchBox.current?.select());
      }
      if (event.key === 'Escape' && !isTyping(event.target)) goUp();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [searchBox]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches('input, textarea, [role="menu"] *, [role="dialog"] *')
  );
}

function goUp(): void {
  const route = parseRoute(location.hash);
  if (route.page === 'conversation' && route.details) go({ page: 'conversation', conv: route.conv });
  else if (route.page === 'settings' && route.section !== undefined) go({ page: 'settings' });
  else if (route.page !== 'home' && route.page !== 'conversation') go({ page: 'home' });
}
