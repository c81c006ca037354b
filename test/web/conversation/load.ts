import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

/** A module of the page's conversation that needs no browser. The page is built by Vite: nothing else reads its sources. */
export async function load<Module>(name: string): Promise<Module> {
  const path = fileURLToPath(new URL(`../../../../web/src/conversation/${name}`, import.meta.url));
  const { module } = await runnerImport<Module>(path, { configFile: false, logLevel: 'error' });
  return module;
}
