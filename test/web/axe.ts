import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const script = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** Makes axe-core part of every page that is opened from now on; the content security policy lets no other way. */
export const withAxe = (page: Page): Promise<unknown> => page.context().addInitScript({ path: script });

/** What axe-core finds serious or critical on the page, a line each. */
export async function seriousFaults(page: Page): Promise<string[]> {
  const found = (await page.evaluate(`axe.run({ resultTypes: ['violations'] })`)) as {
    violations: readonly Violation[];
  };
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html} ${failureSummary ?? ''}`),
    );
}
