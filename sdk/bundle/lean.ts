import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** As the package sees it that is seen so by the package before it; the first is one of ours. */
const inside = (...names: readonly string[]): NodeJS.Require =>
  names.reduce((require, name) => createRequire(require.resolve(name)), createRequire(import.meta.url));
const packets = inside('mqtt-packet');
const streams = inside('mqtt', 'readable-stream');

const shim = (name: string): string => join(import.meta.dirname, 'shims', `${name}.ts`);
const within = (path: string): RegExp => new RegExp(`/node_modules/${path}/`);

/**
 * What browsers get of MQTT.js, as its own build for them is 105 KB gzipped: its client alone, without its ways to
 * connect, and with the little it uses of streams, timers, caches and logging in place of the packages for that.
 */
const substitutes: readonly { readonly of: RegExp; readonly by: string; readonly in?: RegExp }[] = [
  { of: /^mqtt$/, by: shim('mqtt') },
  { of: /^readable-stream$/, by: shim('streams'), in: within('mqtt') },
  { of: /^debug$/, by: shim('debug'), in: within('mqtt(-packet)?') },
  { of: /^lru-cache$/, by: shim('lru-cache'), in: within('mqtt') },
  { of: /^worker-timers$/, by: shim('timers'), in: within('mqtt') },
  { of: /^process-nextick-args$/, by: shim('nextick'), in: within('mqtt-packet') },
  // The list of buffers without the stream around it.
  { of: /^bl$/, by: packets.resolve('bl/BufferList.js'), in: within('mqtt-packet') },
  { of: /^(node:)?buffer$/, by: streams.resolve('buffer/') },
  { of: /^(node:)?events$/, by: streams.resolve('events/') },
];

/** The version is all that MQTT.js reads of its package.json. */
const packageFile = /\/node_modules\/mqtt\/package\.json$/;

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
    filter: { id: packageFile },
    handler: (text) => JSON.stringify({ version: (JSON.parse(text) as { version: string }).version }),
  },
});
