import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StoredEvent } from '../../schemas/event.ts';
import type { Bus, BusMessage, BusTopic } from '../../store/bus.ts';
import { until } from '../support/until.ts';

/** The nodes of one server: each has a bus; one process has only one. */
export interface OpenedBuses {
  readonly buses: readonly [Bus, ...Bus[]];
  remove(): Promise<void>;
}

export const busEvent = (conv: string, seq: number, changes: Partial<StoredEvent> = {}): StoredEvent => ({
  conv,
  seq,
  n: seq,
  ts: 1_789_000_000_000 + seq,
  from: 'alice',
  raw: Buffer.from(`{"id":"id-${seq}","type":"text","body":{"text":"你好 ${seq}"}}`),
  ...changes,
});

/** What a node hears, in order. */
export interface Heard {
  readonly events: { readonly event: StoredEvent; readonly rewrites: boolean; readonly topic?: BusTopic }[];
  readonly messages: BusMessage[];
  /** Both, as short words. */
  readonly order: string[];
}

export function hear(bus: Bus): Heard {
  const heard: Heard = { events: [], messages: [], order: [] };
  bus.onEvent((event, rewrites, topic) => {
    const raw = Buffer.from(event.raw);
    heard.events.push({ event: { ...event, raw }, rewrites, ...(topic !== undefined && { topic }) });
    heard.order.push(`${event.conv}#${event.seq}`);
  });
  bus.subscribe((message) => {
    heard.messages.push(message);
    heard.order.push(message.type === 'stale' ? `stale ${message.user ?? message.group}` : message.type);
  });
  return heard;
}

/** Tests each guarantee of Bus's comments on an implementation. */
export function busConformance(
  name: string,
  open: (onError: (error: unknown) => void) => Promise<OpenedBuses>,
): void {
  describe(`${name} as a bus`, () => {
    const errors: unknown[] = [];
    const withBuses = async (use: (buses: readonly [Bus, ...Bus[]]) => Promise<void>): Promise<void> => {
      errors.length = 0;
      const opened = await open((error) => errors.push(error));
      try {
        await use(opened.buses);
      } finally {
        await opened.remove();
      }
    };
    /** Publishes a last word and waits for it everywhere: what is not there then does not come. */
    const settled = async (buses: readonly Bus[], heard: readonly Heard[], publisher: Bus): Promise<void> => {
      assert.equal(buses.length, heard.length);
      const word = `end ${heard[0]!.order.length} ${Math.random()}`;
      publisher.publish({ type: 'stale', user: word });
      await until('the last word everywhere', () =>
        heard.every(({ order }) => order.includes(`stale ${word}`)),
      );
      for (const { order } of heard) order.splice(order.indexOf(`stale ${word}`), 1);
    };

    test('brings an event as it was published to those who listen to its topic', () =>
      withBuses(async (buses) => {
        const heard = buses.map(hear);
        await Promise.all(buses.map((bus) => bus.listen('g:team')));
        const event = busEvent('g:team', 2 ** 40, { n: 7, ts: 1_789_000_000_123, from: 'bob.x-y_z' });
        buses.at(-1)!.publishEvent(event, true);
        buses.at(-1)!.publishEvent(busEvent('g:team', 2 ** 40 + 1), false);
        await until('both events everywhere', () => heard.every(({ events }) => events.length === 2));
        for (const { events } of heard) {
          assert.deepEqual(events[0]!.event, event);
          assert.deepEqual(
            events.map(({ rewrites }) => rewrites),
            [true, false],
          );
        }
        assert.deepEqual(errors, []);
      }));

    test('brings an event of two users to the nodes that listen to one of them', () =>
      withBuses(async (buses) => {
        const heard = buses.map(hear);
        const last = buses.at(-1)!;
        await buses[0].listen('u:alice');
        await last.listen('u:bob');
        buses[0].publishEvent(busEvent('u:alice:bob', 1), false);
        last.publishEvent(busEvent('u:alice:alice', 1), false);
        await settled(buses, heard, buses[0]);
        await settled(buses, heard, last);
        assert.ok(heard[0]!.order.includes('u:alice:bob#1'));
        assert.ok(heard.at(-1)!.order.includes('u:alice:bob#1'));
        assert.ok(heard[0]!.order.includes('u:alice:alice#1'));
        for (const { events } of heard)
          for (const { topic } of events) assert.ok(topic === undefined || /^u:(alice|bob)$/.test(topic));
      }));

    test('brings messages about a user or a group to those who listen to it', () =>
      withBuses(async (buses) => {
        const heard = buses.map(hear);
        const messages: readonly BusMessage[] = [
          {
            type: 'notice',
            uid: 'bob',
            notice: { type: 'typing', conv: 'u:alice:bob', uid: 'alice', on: true },
          },
          { type: 'claim', uid: 'bob', at: 5, node: 'x' },
          { type: 'membership', gid: 'team', uid: 'bob', since: 3 },
          { type: 'parting', gid: 'team', id: 'i', uids: ['bob'] },
          { type: 'opened', gid: 'team' },
        ];
        await Promise.all(buses.flatMap((bus) => [bus.listen('u:bob'), bus.listen('g:team')]));
        for (const message of messages) buses.at(-1)!.publish(message);
        await until('all messages everywhere', () =>
          heard.every((one) => one.messages.length === messages.length),
        );
        for (const one of heard) assert.deepEqual(one.messages, messages);
      }));

    test('brings all other messages to every node, the publishing one included', () =>
      withBuses(async (buses) => {
        const heard = buses.map(hear);
        const messages: readonly BusMessage[] = [
          { type: 'stale', user: 'alice' },
          { type: 'stale', group: 'Füße' },
          { type: 'end', uid: 'alice', did: 'phone', reason: 0x98 },
          { type: 'nodes' },
        ];
        for (const message of messages) buses[0].publish(message);
        await until('all messages everywhere', () =>
          heard.every((one) => one.messages.length === messages.length),
        );
        for (const one of heard) assert.deepEqual(one.messages, messages);
      }));

    test('keeps the order of what one publisher publishes', () =>
      withBuses(async (buses) => {
        const heard = buses.map(hear);
        await Promise.all(buses.map((bus) => bus.listen('g:team')));
        const expected: string[] = [];
        for (let i = 1; i <= 500; i++) {
          if (i % 7 === 0) {
            buses[0].publish({ type: 'stale', user: `user${i}` });
            expected.push(`stale user${i}`);
          } else {
            buses[0].publishEvent(busEvent('g:team', i), false);
            expected.push(`g:team#${i}`);
          }
          if (i % 50 === 0) await new Promise(setImmediate);
        }
        await settled(buses, heard, buses[0]);
        for (const { order } of heard) assert.deepEqual(order, expected);
      }));

    test('brings what is published after flushed behind what was published before, by whomever', () =>
      withBuses(async (buses) => {
        const heard = buses.map(hear);
        for (let i = 0; i < 50; i++) {
          buses[0].publish({ type: 'stale', user: `first${i}` });
          await buses[0].flushed();
          buses.at(-1)!.publish({ type: 'stale', user: `second${i}` });
          await buses.at(-1)!.flushed();
        }
        await settled(buses, heard, buses[0]);
        const expected = Array.from({ length: 50 }, (_, i) => [`stale first${i}`, `stale second${i}`]).flat();
        for (const { order } of heard) assert.deepEqual(order, expected);
      }));

    test('listens until leave was called as often as listen', () =>
      withBuses(async (buses) => {
        const heard = hear(buses[0]);
        await Promise.all([buses[0].listen('g:a'), buses[0].listen('g:a')]);
        buses[0].leave('g:a');
        buses[0].publishEvent(busEvent('g:a', 1), false);
        await until('the event', () => heard.events.length === 1);
        buses[0].leave('g:a');
        await buses[0].listen('g:a');
        buses[0].publishEvent(busEvent('g:a', 2), false);
        await until('the next event', () => heard.events.length === 2);
      }));

    test('listens to thousands of topics at once', () =>
      withBuses(async (buses) => {
        const heard = hear(buses[0]);
        const users = Array.from({ length: 3000 }, (_, i) => `user${i}`);
        await Promise.all(users.map((uid) => buses[0].listen(`u:${uid}`)));
        for (const uid of users)
          buses.at(-1)!.publish({ type: 'notice', uid, notice: { type: 'friend', action: 'removed', uid } });
        await until('a notice for each', () => heard.messages.length === users.length);
        for (const uid of users) buses[0].leave(`u:${uid}`);
      }));

    test('goes on when a subscriber fails, and tells of it', () =>
      withBuses(async (buses) => {
        const fault = new Error('a fault');
        buses[0].subscribe(() => {
          throw fault;
        });
        buses[0].onEvent(() => {
          throw fault;
        });
        const heard = hear(buses[0]);
        await buses[0].listen('g:a');
        buses[0].publishEvent(busEvent('g:a', 1), false);
        buses[0].publish({ type: 'stale', user: 'alice' });
        await until('both', () => heard.order.length === 2);
        assert.deepEqual(errors, [fault, fault]);
      }));

    test('tells nobody whose subscription has ended', () =>
      withBuses(async (buses) => {
        const ended: unknown[] = [];
        buses[0].subscribe((message) => ended.push(message))();
        buses[0].onEvent((event) => ended.push(event))();
        buses[0].onLoss(() => ended.push('loss'))();
        const heard = hear(buses[0]);
        await buses[0].listen('g:a');
        buses[0].publishEvent(busEvent('g:a', 1), false);
        buses[0].publish({ type: 'stale', user: 'alice' });
        await until('both', () => heard.order.length === 2);
        assert.deepEqual(ended, []);
      }));

    test('tells every node of a loss that somebody tells, and goes on', () =>
      withBuses(async (buses) => {
        const heard = buses.map(hear);
        const losses = buses.map(() => 0);
        for (const [i, bus] of buses.entries()) bus.onLoss(() => losses[i]!++);
        buses[0].tellLoss();
        buses[0].publish({ type: 'stale', user: 'alice' });
        await buses[0].flushed();
        await until('the message everywhere', () => heard.every(({ order }) => order.length === 1));
        assert.deepEqual(
          losses,
          buses.map(() => 1),
        );
      }));

    test('says that it works', () =>
      withBuses(async (buses) => assert.equal(await buses[0].check(), undefined)));
  });
}
