import { type RefObject, useEffect, useRef } from 'react';
import { hrefOf, type Route } from '../route.ts';

/**
 * A new screen takes the focus at its heading, so that the keyboard and screen readers go on from there. Not where it
 * has put the focus somewhere itself, and not at the first one.
 */
export function useFocusOnArrival(route: Route, main: RefObject<HTMLElement | null>): void {
  const place = hrefOf(route.page === 'conversation' ? { page: 'conversation', conv: route.conv } : route);
  const before = useRef(place);
  useEffect(() => {
    if (before.current === place) return;
    const left = before.current;
    before.current = place;
    const frame = requestAnimationFrame(() => {
      const element = main.current;
      if (element === null || element.contains(document.activeElement)) return;
      if (document.activeElement?.closest('dialog')) return;
      if (element.checkVisibility()) element.querySelector<HTMLElement>('h1[tabindex]')?.focus();
      else focusRow(left);
    });
    return () => cancelAnimationFrame(frame);
  }, [place, main]);
}

/** Back in the list of a phone: on the row from where one came. */
function focusRow(href: string): void {
  document.querySelector<HTMLElement>(`.frame__side a[href="${CSS.escape(href)}"]`)?.focus();
}
