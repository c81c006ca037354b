import { configurationPage } from './configuration-page.ts';
import { errorsPage } from './errors-page.ts';

/** Pages of docs/ that are made from the code. */
export const pages: ReadonlyMap<string, () => string> = new Map([
  ['configuration.md', configurationPage],
  ['errors.md', errorsPage],
]);
