import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fastify } from 'fastify';
import { registerHealth } from '../../ops/health.ts';
import { createMetrics } from '../../ops/metrics.ts';
import { PetrelError } from '../../schemas/errors.ts';

function server(ready: () => Promise<void>, readyTimeoutMs?: number) {
  const app = fastify();
  const { registry } = createMetrics();
  registerHealth(app, { ready, registry, ...(readyTimeoutMs === undefined ? {} : { readyTimeoutMs }) });
  return app;
}

describe('health', () => {
  it('answers /healthz whatever the stores do', async () => {
    const reply = await server(() => Promise.reject(new Error('down'))).inject('/healthz');
    assert.equal(reply.statusCode, 200);
  });

  it('answers /readyz 200 when traffic can be taken', async () => {
    const reply = await server(() => Promise.resolve()).inject('/readyz');
    assert.deepEqual([reply.statusCode, reply.json()], [200, { status: 'ready' }]);
  });

  it('answers /readyz 503 with the reason as a problem document', async () => {
    const down = () => Promise.reject(new PetrelError('store.unavailable', 'The disk is full.'));
    const reply = await server(down).inject('/readyz');
    assert.equal(reply.statusCode, 503);
    assert.match(String(reply.headers['content-type']), /^application\/problem\+json/);
    const { code, detail, status } = reply.json<Record<string, unknown>>();
    assert.deepEqual([code, detail, status], ['store.unavailable', 'The disk is full.', 503]);
  });

  it('does not show what a fault of the server says', async () => {
    const reply = await server(() => Promise.reject(new Error('secret path'))).inject('/readyz');
    assert.equal(reply.statusCode, 503);
    assert.ok(!reply.body.includes('secret path'));
  });

  it('answers /readyz 503 when a store does not answer in time', async () => {
    const reply = await server(() => new Promise(() => {}), 5).inject('/readyz');
    assert.deepEqual([reply.statusCode, reply.json<{ code: string }>().code], [503, 'store.unavailable']);
  });

  it('serves /metrics as Prometheus text', async () => {
    const reply = await server(() => Promise.resolve()).inject('/metrics');
    assert.match(String(reply.headers['content-type']), /^text\/plain/);
    assert.match(reply.body, /petrel_sends_total 0/);
  });
});
