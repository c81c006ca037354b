import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryBus } from '../../../../store/state/memory/bus.ts';
import { busConformance, busEvent, hear } from '../../bus.conformance.ts';

busConformance('the memory of a process', async (onError) => {
  const bus = createMemoryBus(onError);
  return { buses: [bus], remove: () => bus.close() };
});

test('in one process everything has reached every subscriber when publish returns, each event once', () => {
  const bus = createMemoryBus(assert.ifError);
  const heard = hear(bus);
  bus.publish({ type: 'stale', user: 'alice' });
  bus.publishEvent(busEvent('u:alice:bob', 1), false);
  assert.deepEqual(heard.order, ['stale alice', 'u:alice:bob#1']);
});
