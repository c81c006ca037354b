import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { citingSources, citingTests } from '../../../scripts/conformance-page.ts';
import { notTested, statements } from './statements.ts';

const tests = citingTests();

describe('the statements of MQTT 5 that bind a server', () => {
  it('are all cited by a test, or have a reason why not', () => {
    const missing = [...statements.keys()].filter((id) => !tests.has(id) && !notTested.has(id));
    assert.deepEqual(missing, []);
  });

  it('have no such reason where a test cites them', () => {
    const needless = [...notTested.keys()].filter((id) => tests.has(id) || !statements.has(id));
    assert.deepEqual(needless, []);
  });

  it('are the only ones that sources cite, save what binds clients', () => {
    const clients = new Set(['MQTT-4.6.0-2', 'MQTT-6.0.0-3']);
    const unknown = [...citingSources()].filter(([id]) => !statements.has(id) && !clients.has(id));
    assert.deepEqual(unknown, []);
  });
});
