import { configurationPage } from './configuration-page.ts';
import { conformancePage } from './conformance-page.ts';
import { errorsPage } from './errors-page.ts';
import { sdkOperations } from './sdk-operations.ts';

/** Files that are made from the code. */
export const pages: ReadonlyMap<string, () => string> = new Map([
  ['docs/configuration.md', configurationPage],
  ['docs/conformance.md', conformancePage],
  ['docs/errors.md', errorsPage],
  ['sdk/operations.ts', sdkOperations],
]);
