import { PetrelError } from '../../schemas/errors.ts';

const retryAfterMs = 2000;

/** Work that runs when it is its asker's turn. */
export type InTurn = <T>(asker: string, work: () => Promise<T>) => Promise<T>;

/**
 * Runs at most `running` at once. The askers come in turn, so that one who asks a thousand times waits for itself and not
 * the others for it. Refuses with `request.rate` who has `waitingEach` waiting, or all where `waiting` wait.
 */
export function createTurns({
  running,
  waiting,
  waitingEach,
}: {
  readonly running: number;
  readonly waiting: number;
  readonly waitingEach: number;
}): InTurn {
  // In the order of their turns: whoever had one goes to the end.
  const queues = new Map<string, (() => void)[]>();
  let queued = 0;
  let active = 0;

  const wait = (asker: string): Promise<void> => {
    const queue = queues.get(asker) ?? [];
    if (queued >= waiting || queue.length >= waitingEach)
      throw new PetrelError('request.rate', undefined, { retryAfterMs });
    queued += 1;
    queues.set(asker, queue);
    return new Promise((resolve) => queue.push(resolve));
  };

  const passOn = (): void => {
    const [turn] = queues;
    if (turn === undefined) {
      active -= 1;
      return;
    }
    const [asker, queue] = turn;
    const next = queue.shift()!;
    queued -= 1;
    queues.delete(asker);
    if (queue.length > 0) queues.set(asker, queue);
    next();
  };

  return async (asker, work) => {
    if (active < running) active += 1;
    else await wait(asker);
    try {
      return await work();
    } finally {
      passOn();
    }
  };
}
