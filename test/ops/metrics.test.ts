import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetrics } from '../../ops/metrics.ts';

describe('metrics', () => {
  it('show the hot numbers as they are when asked', async () => {
    const { hot, registry } = createMetrics();
    hot.sends += 3;
    hot.lagging = 2;
    hot.lagging -= 1;
    const text = await registry.metrics();
    assert.match(text, /^petrel_sends_total 3$/m);
    assert.match(text, /^petrel_sessions_lagging 1$/m);
    hot.sends++;
    assert.match(await registry.metrics(), /^petrel_sends_total 4$/m);
  });

  it('show tallies by label', async () => {
    const { connections, refusals, requests, registry } = createMetrics();
    connections.add(1, 'tcp', '5');
    connections.add(1, 'tcp', '5');
    connections.add(-1, 'tcp', '5');
    refusals.add(2, 'send.rate');
    requests.add(1, 'auth.login', '200');
    const text = await registry.metrics();
    assert.match(text, /^petrel_connections\{transport="tcp",version="5"\} 1$/m);
    assert.match(text, /^petrel_send_refusals_total\{code="send.rate"\} 2$/m);
    assert.match(text, /^petrel_http_requests_total\{operation="auth.login",status="200"\} 1$/m);
    assert.equal(connections.count('tcp', '5'), 1);
    assert.equal(connections.count('ws', '5'), 0);
  });

  it('show the nodes of the cluster as they are when asked', async () => {
    const { cluster, registry } = createMetrics();
    assert.doesNotMatch(await registry.metrics(), /^petrel_nodes\{/m);
    cluster.nodes = () => [{ role: 'broker' }, { role: 'worker' }, { role: 'broker' }];
    const text = await registry.metrics();
    assert.match(text, /^petrel_nodes\{role="broker"\} 2$/m);
    assert.match(text, /^petrel_nodes\{role="worker"\} 1$/m);
    cluster.nodes = () => [{ role: 'worker' }];
    assert.doesNotMatch(await registry.metrics(), /^petrel_nodes\{role="broker"\}/m);
  });

  it('belong to one server each, with the process and event loop measured', async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.batchSize.observe(12);
    one.commitSeconds.observe(0.003);
    const text = await one.registry.metrics();
    assert.match(text, /petrel_commit_batch_events_bucket\{le="20"\} 1/);
    assert.match(text, /nodejs_eventloop_lag_seconds/);
    assert.match(text, /process_resident_memory_bytes/);
    assert.match(await other.registry.metrics(), /petrel_commit_batch_events_count 0/);
  });
});
