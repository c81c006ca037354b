const workerPath = '/worker.js';

/** How often a page that stays open looks for a new version. */
const checkEveryMs = 60 * 60 * 1000;

/** What is used of Trusted Types, which the policy of the page asks for. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

/**
 * Registers the service worker, where the browser has one for this page. `onUpdate` is told, at most once, when another
 * version of the page is ready; what it gets goes over to that.
 */
export async function registerWorker(onUpdate: (apply: () => void) => void): Promise<void> {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (!import.meta.env.PROD || workers === undefined) return;
  const isUpdate = workers.controller !== null;
  const registration = await workers.register(trusted(workerPath), { updateViaCache: 'none' });
  let told = false;
  const tell = (): void => {
    if (told) return;
    told = true;
    onUpdate(() => {
      workers.addEventListener('controllerchange', () => location.reload());
      // Another page may have gone over already.
      if (registration.waiting === null) location.reload();
      else registration.waiting.postMessage('activate');
    });
  };
  const watch = (worker: ServiceWorker | null): void => {
    if (worker?.state === 'installed') tell();
    else worker?.addEventListener('statechange', () => worker.state === 'installed' && tell());
  };
  if (isUpdate) {
    watch(registration.waiting);
    watch(registration.installing);
  }
  registration.addEventListener('updatefound', () => {
    if (registration.active !== null) watch(registration.installing);
  });
  const check = (): void => void registration.update().catch(() => {});
  setInterval(check, checkEveryMs);
  addEventListener('online', check);
}

/** The one address that a script may be loaded from by its name. */
function trusted(path: string): string {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy('petrel-worker', {
    createScriptURL(url) {
      if (url !== workerPath) throw new TypeError('no script from there');
      return url;
    },
  });
  return policy?.createScriptURL(path) ?? path;
}
