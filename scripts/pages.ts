import { configurationPage } from './configuration-page.ts';
import { conformancePage } from './conformance-page.ts';
import { errorsPage } from './errors-page.ts';

/** Pages of docs/ that are made from the code. */
export const pages: ReadonlyMap<string, () => string> = new Map([
  ['configuration.md', configurationPage],
  ['conformance.md', conformancePage],
  ['errors.md', errorsPage],
]);
