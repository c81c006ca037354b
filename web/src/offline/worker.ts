/**
 * The service worker: opens the page without a network. It keeps the page's own files, of one version all, and answers
 * nothing else: no request of the API, whose answers the client keeps, ever comes here to stay.
 */

/** What is used of a worker's scope: the types of pages and of workers do not go together. */
interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface WorkerScope {
  addEventListener(type: 'install' | 'activate', listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  skipWaiting(): Promise<void>;
}

/** Written by the build: see web/build/precache.ts. */
interface Precache {
  /** Names the cache: a hash of all that follows. */
  readonly version: string;
  /** SHA-256 of index.html, hex: while a server is updated it may be another version's. */
  readonly page: string;
  /** Paths of the other files, which have their content in their names. */
  readonly assets: readonly string[];
}
declare const __PRECACHE__: Precache;

const scope = globalThis as unknown as WorkerScope;
const prefix = 'petrel-page-';
const { version, page, assets } = __PRECACHE__;
const name = prefix + version;

scope.addEventListener('install', (event) => event.waitUntil(install()));
scope.addEventListener('activate', (event) => event.waitUntil(removeOld()));
// The page asks for it when its user wants the new version; else it comes when all pages are closed.
scope.addEventListener('message', ({ data }) => {
  if (data === 'activate') void scope.skipWaiting();
});
scope.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== 'GET' || origin !== location.origin) return;
  if (mode === 'navigate' && pathname === '/') event.respondWith(answer('/'));
  else if (pathname.startsWith('/assets/')) event.respondWith(answer(pathname));
});

/** All of one version or nothing: what fails is tried again when the browser looks for a new worker next. */
async function install(): Promise<void> {
  const response = await fetch('/', { cache: 'reload' });
  const digest = await crypto.subtle.digest('SHA-256', await response.clone().arrayBuffer());
  const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hash !== page) throw new Error('The page is of another version.');
  const cache = await caches.open(name);
  await cache.addAll(assets);
  await cache.put('/', response);
}

/** Files of the version before this one stay: pages that are open may still load some. */
async function removeOld(): Promise<void> {
  const others = (await caches.keys()).filter((key) => key.startsWith(prefix) && key !== name);
  await Promise.all(others.slice(0, -1).map((key) => caches.delete(key)));
}

async function answer(path: string): Promise<Response> {
  const own = await (await caches.open(name)).match(path, { ignoreVary: true });
  if (own !== undefined) return own;
  return (path !== '/' && (await caches.match(path, { ignoreVary: true }))) || fetch(path);
}

export {};
