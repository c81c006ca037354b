import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Registry } from '../../broker/registry.ts';

it('a session is taken until what its connection left is stored, also for those whose turn comes before', async () => {
  const registry = new Registry(() => 0);
  const seen: string[] = [];
  const look = (who: string) =>
    registry.inTurn('bob/phone', async () => void seen.push(`${who} ${registry.isTaken('bob/phone')}`));
  const first = look('first');
  registry.leaving('bob/phone', async () => void seen.push('stored'));
  await Promise.all([first, look('second')]);
  assert.deepEqual(seen, ['first true', 'stored', 'second false']);
  registry.close();
});
