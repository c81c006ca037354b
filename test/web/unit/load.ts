import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

export interface Loader {
  /** A module of the page that needs no browser, by its path in web/src. */
  readonly load: <T>(path: string) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** The page is a project of its own, whose modules only Vite puts together. */
export async function startLoader(): Promise<Loader> {
  const server = await createServer({
    root: fileURLToPath(new URL('../../../../web', import.meta.url)),
    configFile: false,
    appType: 'custom',
    logLevel: 'error',
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  return {
    load: async <T>(path: string) => (await server.ssrLoadModule(`/src/${path}`)) as T,
    close: () => server.close(),
  };
}
