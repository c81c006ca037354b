import { createHmac } from 'node:crypto';
import bcrypt from 'bcrypt';
import { createTurns } from './turns.ts';

/** bcrypt fills a thread of libuv's four for a quarter of a second; the others are for files and token checks. */
const turns = { running: 2, waiting: 1000, waitingEach: 250 };

/**
 * Hashes and checks passwords away from the event loop, a few at a time, those who ask (`asker`: their address, say) in
 * turn. Rejects with `request.rate` where too many wait.
 */
export interface Passwords {
  hash(password: string, asker?: string): Promise<string>;
  /** Takes the same time for a user who does not exist (`hash` undefined); the answer is then false. */
  matches(password: string, hash: string | undefined, asker?: string): Promise<boolean>;
}

/**
 * bcrypt reads 72 bytes and stops at NUL. So that all characters count, it gets a digest in base64 (44 characters, no NUL);
 * keyed, so that digests stolen elsewhere are of no use here. NFC: one password however a keyboard composes it.
 */
const digest = (password: string): string =>
  createHmac('sha256', 'petrel password v1').update(password.normalize('NFC')).digest('base64');

const importedMark = 'bcrypt:';

/** A hash that another system made of the password itself, so that it is told from ours. */
export const importedHash = (hash: string): string => importedMark + hash;

const compare = (password: string, hash: string): Promise<boolean> =>
  hash.startsWith(importedMark)
    ? bcrypt.compare(password, hash.slice(importedMark.length))
    : bcrypt.compare(digest(password), hash);

export function createPasswords({ bcryptCost }: { readonly bcryptCost: number }): Passwords {
  const inTurn = createTurns(turns);
  let nobody: Promise<string> | undefined;
  return {
    hash: (password, asker = '') => inTurn(asker, () => bcrypt.hash(digest(password), bcryptCost)),
    async matches(password, hash, asker = '') {
      nobody ??= bcrypt.hash(digest('nobody has this password'), bcryptCost);
      const compared = hash ?? (await nobody);
      const equal = await inTurn(asker, () => compare(password, compared));
      return equal && hash !== undefined;
    },
  };
}
