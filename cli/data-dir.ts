import { accessSync, constants, mkdirSync } from 'node:fs';

/** Makes the data folder, for this user only, and makes sure that it can be written. Throws what the system says. */
export function prepareDataDir(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
}
