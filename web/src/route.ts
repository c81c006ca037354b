import { useSyncExternalStore } from 'react';

export type SettingsSection = 'devices';

export type PeopleTab = 'requests' | 'blocked';

/** A place in the page; it is kept in the part of the address that no server sees. */
export type Route =
  | { readonly page: 'home' }
  | { readonly page: 'conversation'; readonly conv: string; readonly details?: true }
  /** Without a code it is for groups that let in, or whom one may ask to. */
  | { readonly page: 'invite'; readonly gid: string; readonly code?: string }
  | { readonly page: 'people'; readonly tab?: PeopleTab }
  | { readonly page: 'person'; readonly uid: string }
  | { readonly page: 'settings'; readonly section?: SettingsSection };

export function hrefOf(route: Route): string {
  switch (route.page) {
    case 'home':
      return '#/';
    case 'conversation':
      return `#/c/${encode(route.conv)}${route.details ? '/details' : ''}`;
    case 'invite':
      return `#/invite/${encode(route.gid)}${route.code === undefined ? '' : `/${encode(route.code)}`}`;
    case 'people':
      return route.tab === undefined ? '#/people' : `#/people/${route.tab}`;
    case 'person':
      return `#/u/${encode(route.uid)}`;
    case 'settings':
      return route.section === undefined ? '#/settings' : `#/settings/${route.section}`;
  }
}

/** What is no route is home. */
export function parseRoute(hash: string): Route {
  const [page, first, second] = hash.replace(/^#\/?/, '').split('/').map(decode);
  if (page === 'c' && first) {
    return { page: 'conversation', conv: first, ...(second === 'details' && { details: true }) };
  }
  if (page === 'invite' && first) return { page: 'invite', gid: first, ...(second && { code: second }) };
  if (page === 'people') {
    return first === 'requests' || first === 'blocked' ? { page: 'people', tab: first } : { page: 'people' };
  }
  if (page === 'u' && first) return { page: 'person', uid: first };
  if (page === 'settings') {
    return first === 'devices' ? { page: 'settings', section: first } : { page: 'settings' };
  }
  return { page: 'home' };
}

/** With `replace`, going back leads to where one was before. */
export function go(route: Route, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (!replace) {
    location.hash = hrefOf(route);
    return;
  }
  history.replaceState(null, '', hrefOf(route));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(onHashChange, currentHash));
}

function onHashChange(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

function currentHash(): string {
  return location.hash;
}

function encode(part: string): string {
  return encodeURIComponent(part).replaceAll('%3A', ':');
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
