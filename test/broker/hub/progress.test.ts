import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Progress } from '../../../broker/hub/progress.ts';
import type { Session } from '../../../broker/hub/session.ts';
import type { Track } from '../../../broker/hub/track.ts';
import type { BusMessage } from '../../../store/bus.ts';

/** What is written, in the order of writing. */
class Written {
  readonly positions: unknown[] = [];
  readonly cursors: unknown[] = [];
  readonly told: BusMessage[] = [];
  readonly stores = {
    sessions: { progress: async (updates: readonly unknown[]) => void this.positions.push(...updates) },
    timeline: {
      moveCursors: async (moves: readonly unknown[]) => {
        this.cursors.push(...moves);
        return [];
      },
    },
    bus: { publish: (message: BusMessage) => void this.told.push(message) },
  };
}

const session = (seq: number): Session =>
  ({
    user: { uid: 'bob' },
    clientId: 'phone',
    takeMoved: () => ({ 'u:alice:bob': seq }),
  }) as unknown as Session;

const track = (conv: string, acked: number): Track =>
  ({
    conv,
    acked,
    session: session(acked),
    ...(conv.startsWith('g:') && { gid: conv.slice(2) }),
    cursorDue: true,
  }) as unknown as Track;

describe('progress', () => {
  it('is written with every flush', async () => {
    const written = new Written();
    const progress = new Progress(written.stores as never);
    progress.positionsDue(session(3));
    progress.cursorDue(track('g:team', 7));
    await progress.flush();
    assert.deepEqual(written.positions, [{ uid: 'bob', clientId: 'phone', positions: { 'u:alice:bob': 3 } }]);
    assert.deepEqual(written.cursors, [{ conv: 'g:team', uid: 'bob', delivered: 7 }]);
    await progress.flush();
    assert.equal(written.positions.length + written.cursors.length, 2);
  });

  it('that nobody waits for is written as seldom as it may be, and what direct conversations show at once', async () => {
    const written = new Written();
    const progress = new Progress(written.stores as never, { positionsEvery: 3, groupsEvery: 2 });
    progress.positionsDue(session(3));
    progress.cursorDue(track('g:team', 7));
    progress.cursorDue(track('u:alice:bob', 3));
    const counts: number[][] = [];
    for (let flush = 0; flush < 3; flush++) {
      await progress.flush();
      counts.push([written.cursors.length, written.positions.length]);
    }
    assert.deepEqual(counts, [
      [1, 0],
      [2, 0],
      [2, 1],
    ]);
    assert.deepEqual(written.told, [
      {
        type: 'notice',
        uid: 'alice',
        notice: { type: 'delivered', conv: 'u:alice:bob', uid: 'bob', seq: 3 },
      },
    ]);
  });

  it('is all written at the end', async () => {
    const written = new Written();
    const progress = new Progress(written.stores as never, { positionsEvery: 5, groupsEvery: 5 });
    progress.positionsDue(session(3));
    progress.cursorDue(track('g:team', 7));
    await progress.flush(true);
    assert.deepEqual([written.cursors.length, written.positions.length], [1, 1]);
  });
});
