import { readFileSync } from 'node:fs';

/** The version in package.json, which lies beside the built code. */
export function version(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
