import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { NotAvailable } from './not-available.ts';

const execute = promisify(execFile);

// Servers lie in sbin, which is not on the PATH of every user.
const folders = (): string[] => [
  ...(process.env.PATH ?? '').split(delimiter),
  '/usr/sbin',
  '/usr/local/sbin',
];

/** The path of a program, if it is there. */
export function onPath(name: string): string | undefined {
  return folders()
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * The path of a program: found on the PATH, or else installed from its Debian package where this is root on Debian.
 * Rejects with NotAvailable.
 */
export async function binary(name: string, debianPackage: string): Promise<string> {
  const found = onPath(name);
  if (found !== undefined) return found;
  await install(debianPackage);
  const installed = onPath(name);
  if (installed === undefined) throw new NotAvailable(`${name} is not in the package ${debianPackage}`);
  return installed;
}

async function install(debianPackage: string): Promise<void> {
  const hint = `install ${debianPackage} to run them`;
  const apt = onPath('apt-get');
  if (process.getuid?.() !== 0 || apt === undefined) throw new NotAvailable(hint);
  const options = {
    timeout: 180_000,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  };
  // Two test files may install at the same time.
  const lock = ['-o', 'DPkg::Lock::Timeout=120'];
  const wanted = ['install', '-y', '--no-install-recommends', ...lock, debianPackage];
  try {
    await execute(apt, wanted, options).catch(async () => {
      await execute(apt, ['update', ...lock], options);
      await execute(apt, wanted, options);
    });
  } catch (error) {
    throw new NotAvailable(hint, { cause: error });
  }
}
