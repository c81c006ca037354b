import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesFor } from '../../bench/web/measures.ts';
import { onStage } from './stage.ts';

const maxBytes = 250_000;

await onStage((stage) =>
  describe('the first visit', () => {
    it(`loads less than ${maxBytes / 1000} KB, compressed`, async (t) => {
      // The worker's copy for a visit without a network comes behind it.
      stage.tolerate(/Service Worker registration blocked/);
      const alice = await stage.person('alice', { serviceWorkers: 'block' });
      const page = await alice.context.newPage();
      const bytes = await bytesFor(page, () => page.goto(stage.petrel.url('http')));
      t.diagnostic(`${(bytes / 1000).toFixed(1)} KB`);
      assert.ok(bytes < maxBytes, `${bytes} bytes`);
    });
  }),
);
