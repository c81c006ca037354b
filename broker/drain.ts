import { setTimeout } from 'node:timers/promises';

/** A connection that is to be moved off. */
interface Movable {
  readonly isClosed: boolean;
}

/**
 * Moves connections off one after the other, evenly over the time and in no order that they share, so that the nodes they
 * go to get a stream of them instead of a crowd. Resolves when all are gone.
 */
export async function drain<C extends Movable>(
  connections: Iterable<C>,
  overMs: number,
  moveOff: (connection: C) => Promise<void>,
): Promise<void> {
  const leaving = shuffled([...connections]);
  const startedAt = performance.now();
  const moved: Promise<void>[] = [];
  for (const [place, connection] of leaving.entries()) {
    if (connection.isClosed) continue;
    const dueMs = ((place + Math.random()) / leaving.length) * overMs;
    const waitMs = startedAt + dueMs - performance.now();
    if (waitMs >= 1) await setTimeout(waitMs);
    moved.push(moveOff(connection));
  }
  await Promise.all(moved);
}

function shuffled<T>(list: T[]): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * (i + 1));
    [list[i], list[other]] = [list[other]!, list[i]!];
  }
  return list;
}
