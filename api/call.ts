import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Asker, Limits } from '../policy/limits.ts';
import { PetrelError } from '../schemas/errors.ts';
import { anonymousUid } from '../schemas/identity.ts';
import { type Caller, type Operation, WithStatus } from './operation.ts';

/** What an operation answered, with its HTTP status. */
export interface Answered {
  readonly status: number;
  readonly data: unknown;
}

/**
 * Who may ask, then whether the input fits, then the limit of its kind, then the operation itself: the same for every
 * door. Each asks for `admission` first, so that what does not get so far counts too.
 */
export type Call = (input: unknown, caller: Caller) => Promise<Answered>;

export function createCall(operation: Operation, limits?: Limits): Call {
  const check = Compile(operation.input as TSchema);
  return async (input, caller) => {
    checkAccess(operation, caller);
    if (!check.Check(input)) {
      throw new PetrelError('request.invalid', describe(check.Errors(input)));
    }
    const tooOften = operation.limit && refusal(limits?.act(operation.limit, askerOf(caller)));
    if (tooOften !== undefined) throw tooOften;
    const answer: unknown = await operation.handle(input as Record<string, unknown>, caller);
    return answer instanceof WithStatus
      ? { status: answer.status, data: answer.data as unknown }
      : { status: operation.status, data: answer };
  };
}

/** Counts one request of the caller; answers `request.rate` where there were too many. */
export const admission = (limits: Limits | undefined, caller: Caller): PetrelError | undefined =>
  refusal(limits?.request(askerOf(caller)));

const refusal = (retryAfterMs = 0): PetrelError | undefined =>
  retryAfterMs > 0 ? new PetrelError('request.rate', undefined, { retryAfterMs }) : undefined;

/** Who has no account of their own is known by their address. */
const askerOf = ({ identity, address }: Caller): Asker => ({
  ...(identity !== undefined && identity.uid !== anonymousUid && { uid: identity.uid }),
  address,
  exempt: identity?.scopes.has('admin') === true,
});

function checkAccess({ access }: Operation, { identity }: Caller): void {
  if (access === 'none') return;
  if (identity === undefined) throw new PetrelError('auth.bad-token');
  if (identity.uid === anonymousUid) throw new PetrelError('auth.forbidden');
  if (access === 'admin' && !identity.scopes.has('admin')) throw new PetrelError('auth.forbidden');
}

/** Where and what, in words; an unknown member is named. */
function describe(
  found: readonly { keyword: string; instancePath: string; message: string; params: object }[],
): string | undefined {
  const error = found.find(({ keyword }) => keyword === 'additionalProperties') ?? found[0];
  if (error === undefined) return undefined;
  const { additionalProperties: unknown } = error.params as { additionalProperties?: readonly string[] };
  if (unknown?.[0] !== undefined) return `There is no member "${unknown[0].slice(0, 64)}".`;
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  return `${path === '' ? 'The input' : path} ${error.message}.`;
}
