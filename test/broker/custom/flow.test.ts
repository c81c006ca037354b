import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Bench, connect, type TestClient } from './fixture.ts';
import { Receiver } from './receiver.ts';

describe('QoS 1 and 2 of custom topics', () => {
  it('reach a persistent session once and in order, through windows, answers in parts and lost connections', async () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ kind: fc.constant('publish' as const), count: fc.constantFrom(1, 2) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('answer' as const), count: fc.integer({ min: 1, max: 4 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constantFrom('lose' as const, 'return' as const),
          count: fc.constant(1),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        async (steps, window) => {
          const bench = await Bench.open();
          const sender = connect('sender/s');
          const receiver = new Receiver(window);
          const connectAgain = (): TestClient => connect('bob/b', { persistent: true, window });
          let client: TestClient | undefined = connectAgain();
          await bench.subscribe(client, 'a', { qos: 2 });
          const sent: Record<1 | 2, string[]> = { 1: [], 2: [] };
          let number = 0;
          const comeBack = async (): Promise<void> => {
            client ??= connectAgain();
            await bench.topics.resume(client, [{ filter: 'a', qos: 2 }]);
          };
          for (const { kind, count } of steps) {
            if (kind === 'publish') {
              const qos = count as 1 | 2;
              const text = `${qos}-${number++}`;
              sent[qos].push(text);
              await bench.publish(sender, 'a', text, { qos });
            } else if (kind === 'answer' && client !== undefined) {
              receiver.answer(bench, client, count);
            } else if (kind === 'lose' && client !== undefined) {
              receiver.read(client);
              receiver.lose();
              bench.topics.detach(client);
              client = undefined;
            } else if (kind === 'return') await comeBack();
            if (client !== undefined) receiver.read(client);
          }
          await comeBack();
          receiver.read(client!);
          while (!receiver.idle) {
            receiver.answer(bench, client!, 100);
            receiver.read(client!);
          }
          assert.deepEqual(
            receiver.got.filter((text) => text.startsWith('2')),
            sent[2],
          );
          assert.deepEqual(
            receiver.got.filter((text) => text.startsWith('1')),
            sent[1],
          );
          assert.equal(client!.session.otherInFlight, 0);
          await bench.topics.close();
          assert.deepEqual(bench.errors, []);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('go on by themselves when a client reads again that has nothing to acknowledge', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const bench = await Bench.open();
    const bob = connect('bob/b');
    await bench.subscribe(bob, 'a');
    bob.link.backlog = 1 << 20;
    await bench.publish(connect('sender/s'), 'a', 'x');
    t.mock.timers.tick(1_000);
    assert.deepEqual(bob.link.payloads(), []);
    bob.link.backlog = 0;
    t.mock.timers.tick(1_000);
    assert.deepEqual(bob.link.payloads(), ['x']);
    await bench.topics.close();
  });

  it('in flight are bounded by bytes, whatever the window', async () => {
    const bench = await Bench.open({ limits: { maxInFlightBytes: 2_000 } });
    const bob = connect('bob/b', { window: 1000 });
    await bench.subscribe(bob, 'a');
    for (let i = 0; i < 10; i++) await bench.publish(connect('sender/s'), 'a', Buffer.alloc(1_000, `${i}`));
    assert.equal(bob.session.otherInFlight, 2);
    assert.deepEqual(
      bench.drain(bob).map((text) => text[0]),
      ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    );
    await bench.topics.close();
  });
});
