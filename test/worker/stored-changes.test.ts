import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoredEvent } from '../../schemas/event.ts';
import { StoredChanges } from '../../worker/stored-changes.ts';

const change = (seq: number, from: string, id: string): StoredEvent => ({
  conv: 'g:birds',
  seq,
  n: 1,
  ts: 1,
  from,
  raw: Buffer.from(JSON.stringify({ id, type: 'react', body: { target: 1 } })),
});

describe('a change that is refused', () => {
  it('is looked for among those that are stored, which are read once', async () => {
    const events = [change(2, 'alice', 'a'), change(3, 'bob', 'b')];
    const read: number[] = [];
    const stored = new StoredChanges({
      async changes(_conv, _from, _to, after = 0) {
        const found = events.filter(({ seq }) => seq > after);
        read.push(found.length);
        return found;
      },
    });
    const has = (from: string, id: string) => stored.has('g:birds', 1, from, id);
    assert.deepEqual(
      [await has('alice', 'a'), await has('alice', 'b'), await has('bob', 'b'), await has('bob', 'c')],
      [true, false, true, false],
    );
    events.push(change(7, 'bob', 'c'));
    assert.equal(await has('bob', 'c'), true);
    assert.deepEqual(read, [2, 0, 0, 0, 1]);
  });
});
