import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CustomMessage } from '../../../broker/custom/message.ts';
import { MemoryQueues, type Queued } from '../../../broker/custom/queue.ts';

const copy = { qos: 1, retain: false, identifiers: undefined } as const;

function message(size: number, expirySeconds?: number): CustomMessage {
  const properties = expirySeconds === undefined ? {} : { messageExpiryInterval: expirySeconds };
  const envelope = { qos: 1, retain: false, from: '', at: 0, properties } as const;
  return new CustomMessage('t', Buffer.alloc(size), envelope, 1);
}

const queued = (of: CustomMessage): Queued => ({ message: of, copy, share: undefined, entry: 0 });

describe('queues in memory', () => {
  it('are like arrays with limits, and count each message once', () => {
    const limits = { maxQueuedMessages: 4, maxQueuedBytes: 100, maxQueuedBytesTotal: 100_000 };
    const step = fc.oneof(
      fc.record({ kind: fc.constant('push' as const), key: fc.nat(2), of: fc.nat(9) }),
      fc.record({ kind: fc.constantFrom('shift' as const, 'clear' as const), key: fc.nat(2), of: fc.nat(9) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const queues = new MemoryQueues(limits);
        const messages = Array.from({ length: 10 }, (_, i) => message(i * 5));
        const model: CustomMessage[][] = [[], [], []];
        for (const { kind, key, of } of steps) {
          const mine = model[key]!;
          const name = `${key}`;
          if (kind === 'push') {
            const one = messages[of]!;
            const bytes = mine.reduce((sum, other) => sum + other.bytes, one.bytes);
            const fits = mine.length < 4 && bytes <= 100;
            assert.equal(queues.push(name, queued(one), 0), fits);
            if (fits) mine.push(one);
          } else if (kind === 'shift') {
            queues.shift(name);
            mine.shift();
          } else {
            assert.deepEqual(
              queues.clear(name).map((entry) => entry.message),
              mine.splice(0),
            );
          }
          assert.equal(queues.size(name), mine.length);
          assert.equal(queues.first(name)?.message, mine[0]);
          const distinct = new Set(model.flat());
          const expected = [...distinct].reduce((sum, other) => sum + other.bytes, 100 * model.flat().length);
          assert.equal(queues.bytes, expected);
        }
      }),
    );
  });

  it('keep order over thousands of messages', () => {
    const queues = new MemoryQueues({
      maxQueuedMessages: 5_000,
      maxQueuedBytes: 1 << 20,
      maxQueuedBytesTotal: 1 << 30,
    });
    const all = Array.from({ length: 4_000 }, () => message(1));
    for (const one of all) queues.push('k', queued(one), 0);
    for (const one of all) {
      assert.equal(queues.first('k')?.message, one);
      queues.shift('k');
    }
    assert.equal(queues.bytes, 0);
  });

  it('give the room of expired messages to new ones, and forget their bytes', () => {
    const queues = new MemoryQueues({
      maxQueuedMessages: 3,
      maxQueuedBytes: 1000,
      maxQueuedBytesTotal: 10_000,
    });
    const [lasting, brief] = [message(10), message(10, 1)];
    for (const one of [brief, lasting, brief]) assert.equal(queues.push('k', queued(one), 0), true);
    assert.equal(queues.push('k', queued(lasting), 999), false);
    assert.equal(queues.push('k', queued(lasting), 1_000), true);
    assert.deepEqual(
      queues.clear('k').map((entry) => entry.message),
      [lasting, lasting],
    );
    assert.equal(queues.bytes, 0);
  });
});
