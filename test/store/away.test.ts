import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openAt, StoreAway } from '../../store/away.ts';

describe('a store of another machine', () => {
  it('is named where it cannot be opened', async () => {
    const cause = new Error('refused');
    await assert.rejects(
      openAt(
        'store.state',
        () => Promise.reject(cause),
        () => {},
      ),
      (error: unknown) => error instanceof StoreAway && error.key === 'store.state' && error.cause === cause,
    );
  });

  it('is waited for aloud', async () => {
    const said: string[] = [];
    const opened = await openAt(
      'store.state',
      () =>
        new Promise<string>((resolve) => {
          const look = setInterval(() => {
            if (said.length < 2) return;
            clearInterval(look);
            resolve('open');
          }, 1);
        }),
      (message) => said.push(message),
      1,
    );
    assert.equal(opened, 'open');
    assert.match(said[0]!, /waiting for the server of store\.state/);
  });
});
