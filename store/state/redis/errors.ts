import { PetrelError } from '../../../schemas/errors.ts';

/** Redis is there and cannot take it now, or not from us: starting, full, a replica, stuck in a script, other rights. */
const unavailableCodes: ReadonlySet<string> = new Set([
  'BUSY',
  'EXECABORT',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'NOAUTH',
  'NOPERM',
  'NOREPLICAS',
  'OOM',
  'READONLY',
  'TRYAGAIN',
  'WRONGPASS',
]);

const codeOf = (error: Error): string => error.message.split(' ', 1)[0]!;

/** Redis refused the command and is there all the same. */
export const isReply = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'ReplyError';

/** The answer to EVALSHA where the script is not known (any more). */
export const isNoScript = (error: unknown): boolean => isReply(error) && codeOf(error) === 'NOSCRIPT';

/** Errors of a faulty command as they are; everything else is Redis that is away. */
export function toUnavailable(error: unknown): unknown {
  if (error instanceof PetrelError) return error;
  if (isReply(error) && !unavailableCodes.has(codeOf(error))) return error;
  return new PetrelError('store.unavailable', undefined, { cause: error });
}
