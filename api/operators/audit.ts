import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { toPetrelError } from '../../schemas/errors.ts';
import type { Identity } from '../../schemas/identity.ts';
import { type AuditEntry, auditIdAt, type Directory } from '../../store/directory.ts';
import { type Caller, type Operation, WithStatus } from '../operation.ts';
import type { Services } from '../services.ts';
import { withoutSecrets } from './secrets.ts';

export const pendingOutcome = 'pending';
export const okOutcome = 'ok';

/** The names of users, groups, broadcasts: anything else is none. */
const targetPattern = /^[A-Za-z0-9_.:-]{1,64}$/;
const dayMs = 86_400_000;
const pruneEveryMs = 3600_000;

/**
 * Ids that ascend in one process, also within a millisecond or when the clock is set back, each with the time it begins
 * with; those of several nodes are in the order of their clocks.
 */
function entryIds(clock: () => number): () => Pick<AuditEntry, 'id' | 'at'> {
  let at = 0;
  let count = 0;
  return () => {
    const now = clock();
    count = now > at ? 0 : count + 1;
    at = Math.max(at, now);
    const id = `${auditIdAt(at)}-${String(count).padStart(6, '0')}-${randomBytes(4).toString('hex')}`;
    return { id, at };
  };
}

/** Whether what an operator does by it is an action: reading is none. */
const isAction = ({ name, method }: Operation): boolean =>
  method !== 'GET' && (name.startsWith('admin.') || name.startsWith('groups.'));

const targetMembers = ['uid', 'gid', 'to', 'id'] as const;

/** The one that it is about: of the path first. */
function targetOf(path: string, members: Readonly<Record<string, unknown>>): string | undefined {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  const name = [...inPath, ...targetMembers].find((member) => typeof members[member] === 'string');
  const value = name === undefined ? undefined : (members[name] as string);
  return value !== undefined && targetPattern.test(value) ? value : undefined;
}

/**
 * The operations, of which those that change something for others write down who asked for what when the scope `admin` was
 * at work: before they begin, so that no action is without its entry, and again with their end. Where the entry cannot be
 * written nothing is done.
 */
export function audited(
  operations: readonly Operation[],
  services: Pick<Services, 'directory' | 'clock'>,
): readonly Operation[] {
  const { directory, clock } = services;
  const nextId = entryIds(() => clock());
  return operations.map((operation) => {
    if (!isAction(operation)) return operation;
    const handle = async (input: Record<string, unknown>, caller: Caller) => {
      const { identity, address } = caller;
      if (!identity?.scopes.has('admin')) return operation.handle(input, caller);
      const entry = { ...nextId(), target: targetOf(operation.path, input) };
      await begin(entry, operation, input, identity, address);
      try {
        const answer = await operation.handle(input, caller);
        const data: unknown = answer instanceof WithStatus ? answer.data : answer;
        const made = entry.target ?? targetOf('', (data ?? {}) as Record<string, unknown>);
        await settle(entry.id, okOutcome, made);
        return answer;
      } catch (error) {
        await settle(entry.id, toPetrelError(error).code);
        throw error;
      }
    };
    return { ...operation, handle } as Operation;
  });

  async function begin(
    { id, at, target }: Pick<AuditEntry, 'id' | 'at'> & { target: string | undefined },
    { name }: Operation,
    input: Record<string, unknown>,
    { uid: actor }: Identity,
    address: string,
  ): Promise<void> {
    const detail = JSON.stringify(withoutSecrets(input));
    await directory.addAudit({
      id,
      at,
      actor,
      action: name,
      ...(target !== undefined && { target }),
      detail,
      address,
      outcome: pendingOutcome,
    });
  }

  /** The action is done or refused by now: an end that cannot be written leaves `pending`, which says as much. */
  function settle(id: string, outcome: string, target?: string): Promise<void> {
    return directory.settleAudit(id, outcome, target).catch(() => undefined);
  }
}

/** Forgets entries, and broadcasts that have ended, after so many days; 0 keeps them. Answers a function that ends it. */
export function keepAudit(options: {
  readonly directory: Pick<Directory, 'pruneAudit' | 'pruneBroadcasts'>;
  readonly days: number;
  readonly clock: () => number;
  readonly onError: (error: unknown) => void;
}): () => Promise<void> {
  const { directory, days, clock, onError } = options;
  if (days === 0) return async () => undefined;
  let open = true;
  let pruning: Promise<void> = Promise.resolve();
  const prune = async (): Promise<void> => {
    const before = clock() - days * dayMs;
    while (open && (await directory.pruneAudit(auditIdAt(before))) > 0) await setImmediate();
    while (open && (await directory.pruneBroadcasts(before)) > 0) await setImmediate();
  };
  const begin = (): void => {
    pruning = pruning.then(prune).catch(onError);
  };
  const timer = setInterval(begin, pruneEveryMs).unref();
  begin();
  return async () => {
    open = false;
    clearInterval(timer);
    await pruning;
  };
}
