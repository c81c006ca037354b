import { join } from 'node:path';
import type { Plugin } from 'vite';

const shim = (name: string): string => join(import.meta.dirname, 'shims', `${name}.ts`);
const within = (path: string): RegExp => new RegExp(`/node_modules/${path}/`);

/**
 * What browsers get of MQTT.js, as its own build for them is 105 KB gzipped: its client alone, without its ways to
 * connect, and with the little it uses of Node and of other packages in place of those.
 */
const substitutes: readonly { readonly of: RegExp; readonly by: string; readonly in?: RegExp }[] = [
  { of: /^mqtt$/, by: shim('mqtt') },
  { of: /^(node:)?buffer$/, by: shim('buffer') },
  { of: /^(node:)?events$/, by: shim('events') },
  { of: /^bl$/, by: shim('bl'), in: within('mqtt-packet') },
  { of: /^debug$/, by: shim('debug'), in: within('mqtt(-packet)?') },
  { of: /^lru-cache$/, by: shim('lru-cache'), in: within('mqtt') },
  { of: /^process-nextick-args$/, by: shim('nextick'), in: within('mqtt-packet') },
  { of: /^readable-stream$/, by: shim('streams'), in: within('mqtt') },
  { of: /^rfdc\/default$/, by: shim('clone'), in: within('mqtt') },
  { of: /^worker-timers$/, by: shim('timers'), in: within('mqtt') },
];

/** The version is all that MQTT.js reads of its package.json. */
const packageFile = /\/node_modules\/mqtt\/package\.json$/;

/** Whole lines that log, in the style of either package. */
const logging = /^ *(?:(?:this|client)\.log|debug)\(.*\);?$/gm;

/** Makes a build of the client for browsers lean. */
export const lean = (): Plugin => ({
  name: 'petrel:lean',
  apply: 'build',
  enforce: 'pre',
  config: () => ({
    define: { 'process.nextTick': 'queueMicrotask', 'process.versions': 'undefined' },
  }),
  resolveId(source, importer = '') {
    const found = substitutes.find((one) => one.of.test(source) && (one.in?.test(importer) ?? true));
    return found?.by;
  },
  transform: {
    filter: { id: within('mqtt(-packet)?') },
    handler(text, id) {
      if (packageFile.test(id))
        return JSON.stringify({ version: (JSON.parse(text) as { version: string }).version });
      return text.replace(logging, ';');
    },
  },
});
