import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';

/** What the network brought until the work was done, nothing cached: bytes as they came, compressed, heads included. */
export async function bytesFor(page: Page, work: () => Promise<unknown>): Promise<number> {
  const devTools = await page.context().newCDPSession(page);
  let bytes = 0;
  devTools.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await devTools.send('Network.enable');
  await devTools.send('Network.setCacheDisabled', { cacheDisabled: true });
  await work();
  await page.waitForLoadState('networkidle');
  await devTools.detach();
  return bytes;
}

/** ms between one frame and the next, while the work was done. */
export async function framesWhile(page: Page, work: () => Promise<unknown>): Promise<number[]> {
  await page.evaluate(`
    globalThis.frameTimes = [];
    const next = (now) => {
      if (globalThis.frameTimes === undefined) return;
      globalThis.frameTimes.push(now);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);`);
  await work();
  const times = (await page.evaluate(`
    (() => { const times = globalThis.frameTimes; delete globalThis.frameTimes; return times; })()`)) as number[];
  return times.slice(1).map((time, i) => time - times[i]!);
}

/** Scrolls the middle of the page by a finger's way, down where positive; resolves at its end. */
export async function scroll(
  devTools: CDPSession,
  page: Page,
  distance: number,
  speed: number,
): Promise<void> {
  const { width, height } = page.viewportSize()!;
  await devTools.send('Input.synthesizeScrollGesture', {
    x: Math.round(width * 0.65),
    y: Math.round(height * 0.5),
    yDistance: -distance,
    speed,
    gestureSourceType: 'mouse',
  });
}

/**
 * From now on, pages note when a text of the form `mark-{number}` came by the WebSocket, before any of their own code
 * saw it, and when the first frame with it was presented.
 */
export const watchArrivals = (context: BrowserContext): Promise<unknown> =>
  context.addInitScript(`
    globalThis.arrived = {};
    globalThis.presented = {};
    const mark = /mark-\\d+/g;
    const decoder = new TextDecoder();
    globalThis.WebSocket = class extends WebSocket {
      constructor(...options) {
        super(...options);
        this.addEventListener('message', ({ data }) => {
          if (!(data instanceof ArrayBuffer)) return;
          for (const [name] of decoder.decode(data).matchAll(mark)) arrived[name] ??= performance.now();
        });
      }
    };
    new MutationObserver(() => {
      const text = document.querySelector('[role=log]')?.textContent ?? '';
      for (const [name] of text.matchAll(mark)) {
        if (name in presented) continue;
        presented[name] = Number.NaN;
        requestAnimationFrame(() => setTimeout(() => { presented[name] = performance.now(); }));
      }
    }).observe(document, { childList: true, subtree: true, characterData: true });
  `);

/** ms from the server's delivery to the screen, for each mark that was presented. */
export async function delays(page: Page): Promise<number[]> {
  const values = await page.evaluate(
    'Object.entries(presented).flatMap(([name, at]) => (at - arrived[name] >= 0 ? [at - arrived[name]] : []))',
  );
  return values as number[];
}

/** MB of JavaScript objects after a collection. */
export async function heapOf(devTools: CDPSession): Promise<number> {
  await devTools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devTools.send('Runtime.getHeapUsage');
  return usedSize / 2 ** 20;
}

/** A browser that nobody used before. */
export const freshContext = (browser: Browser): Promise<BrowserContext> =>
  browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en' });
