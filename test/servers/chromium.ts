import process from 'node:process';
import { type Browser, chromium } from 'playwright-core';
import { binary, onPath } from './binary.ts';

/**
 * The path of Chromium: what PETREL_CHROMIUM names, on the PATH, or else installed from its Debian package where this is
 * root on Debian. Rejects with NotAvailable.
 */
export async function findChromium(): Promise<string> {
  const named = process.env.PETREL_CHROMIUM;
  if (named) return named;
  return (
    ['chromium', 'chromium-browser', 'google-chrome'].map(onPath).find(Boolean) ??
    binary('chromium', 'chromium')
  );
}

/** Starts it without a window; `path` is what `findChromium` answered. More of its arguments are `args`. */
export const startChromium = (path: string, args: readonly string[] = []): Promise<Browser> =>
  chromium.launch({
    executablePath: path,
    // Root and many containers cannot have the sandbox, and only our own pages are opened; /dev/shm may be small.
    args: ['--disable-dev-shm-usage', '--disable-gpu', ...args],
    chromiumSandbox: false,
  });
