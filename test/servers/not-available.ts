import process from 'node:process';
import { it } from 'node:test';

/** A server or tool that a test needs cannot be had on this machine. */
export class NotAvailable extends Error {
  override readonly name = 'NotAvailable';
}

/** Begins the lines that the test runner repeats at its end. */
export const notRunMark = 'NOT RUN:';

const isCi = ['1', 'true'].includes(process.env.CI ?? '');

/**
 * Registers tests that need a real server or tool. Where it cannot be had they do not run, and the runner says so at
 * its end; with CI=true that is a failure.
 */
export async function withReal<T>(
  name: string,
  find: () => Promise<T>,
  register: (found: T) => void,
): Promise<void> {
  let found: T;
  try {
    found = await find();
  } catch (error) {
    if (!(error instanceof NotAvailable) || isCi) throw error;
    const { message } = error;
    it(`tests with ${name}`, (t) => t.diagnostic(`${notRunMark} tests with ${name}: ${message}`));
    return;
  }
  register(found);
}
