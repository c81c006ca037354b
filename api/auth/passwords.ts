import { createHmac } from 'node:crypto';
import bcrypt from 'bcrypt';
import { PetrelError } from '../../schemas/errors.ts';

/** bcrypt fills a thread of libuv's four for a quarter of a second; the others are for files and token checks. */
const maxRunning = 2;
const maxWaiting = 1000;
const retryAfterMs = 2000;

/** Hashes and checks passwords away from the event loop, a few at a time. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes the same time for a user who does not exist (`hash` undefined); the answer is then false. */
  matches(password: string, hash: string | undefined): Promise<boolean>;
}

/**
 * bcrypt reads 72 bytes and stops at NUL. So that all characters count, it gets a digest in base64 (44 characters, no NUL);
 * keyed, so that digests stolen elsewhere are of no use here. NFC: one password however a keyboard composes it.
 */
const digest = (password: string): string =>
  createHmac('sha256', 'petrel password v1').update(password.normalize('NFC')).digest('base64');

export function createPasswords({ bcryptCost }: { readonly bcryptCost: number }): Passwords {
  const limited = limiter(maxRunning, maxWaiting);
  let nobody: Promise<string> | undefined;
  return {
    hash: (password) => limited(() => bcrypt.hash(digest(password), bcryptCost)),
    async matches(password, hash) {
      nobody ??= bcrypt.hash(digest('nobody has this password'), bcryptCost);
      const compared = hash ?? (await nobody);
      const equal = await limited(() => bcrypt.compare(digest(password), compared));
      return equal && hash !== undefined;
    },
  };
}

/** Runs at most `running` at once; refuses with `request.rate` when `waiting` wait already. */
function limiter(running: number, waiting: number): <T>(work: () => Promise<T>) => Promise<T> {
  const queue: (() => void)[] = [];
  let active = 0;
  return async (work) => {
    if (active < running) active += 1;
    else {
      if (queue.length >= waiting) throw new PetrelError('request.rate', undefined, { retryAfterMs });
      await new Promise<void>((resolve) => queue.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else active -= 1;
    }
  };
}
