import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Claims } from '../../../broker/devices/claims.ts';
import { Hub } from '../../../broker/hub/hub.ts';
import type { Session } from '../../../broker/hub/session.ts';
import type { Config } from '../../../schemas/config.ts';
import type { Platform } from '../../../schemas/identity.ts';
import type { Bus, BusMessage } from '../../../store/bus.ts';
import { createMemoryBus } from '../../../store/state/memory/bus.ts';
import { FakeLink } from '../hub/fixture.ts';

type Policy = Config['devices']['policy'];

/** A bus between nodes that takes its time: what one says reaches each in its order, at a moment of the test's choosing. */
class SlowBus {
  readonly #handlers: ((message: BusMessage) => void)[][] = [];
  /** By who says and who hears. */
  readonly #queues: BusMessage[][][] = [];
  readonly #losses: (() => void)[][] = [];

  /** The bus as one more node has it. */
  join(): Bus {
    const node = this.#handlers.push([]) - 1;
    this.#queues.push([]);
    const losses: (() => void)[] = [];
    this.#losses.push(losses);
    return {
      ...createMemoryBus(() => {}),
      publish: (message) => {
        for (const to of this.#handlers.keys()) this.#queue(node, to).push(message);
      },
      subscribe: (handler) => {
        const handlers = this.#handlers[node]!;
        handlers.push(handler);
        return () => handlers.splice(handlers.indexOf(handler), 1);
      },
      onLoss: (handler) => {
        losses.push(handler);
        return () => {};
      },
    };
  }

  #queue(from: number, to: number): BusMessage[] {
    const queues = this.#queues[from]!;
    queues[to] ??= [];
    return queues[to];
  }

  /** Delivers one message of those that are next from somebody to somebody; false where none is left. */
  deliver(choice: number): boolean {
    const open: [to: number, queue: BusMessage[]][] = [];
    for (const queues of this.#queues)
      for (const [to, queue] of queues.entries())
        if (queue !== undefined && queue.length > 0) open.push([to, queue]);
    if (open.length === 0) return false;
    const [to, queue] = open[choice % open.length]!;
    const message = queue.shift()!;
    for (const handler of this.#handlers[to]!) handler(message);
    return true;
  }

  drain(): void {
    while (this.deliver(0));
  }

  /** Nodes that may have missed something are told so. */
  tellLoss(node: number): void {
    for (const handler of this.#losses[node]!) handler();
  }

  /** What the node has said and nobody heard yet is lost. */
  lose(from: number): void {
    for (const queue of this.#queues[from]!) queue?.splice(0);
  }
}

class Node {
  readonly hub: Hub;
  readonly #claims: Claims;
  readonly ended: number[] = [];
  /** Sessions whose CONNACK is still to come. */
  readonly #coming: Session[] = [];

  constructor(bus: Bus, policy: Policy, name: string, skewMs: number) {
    this.hub = new Hub({
      timeline: { directs: async () => [] } as never,
      sessions: {} as never,
      bus,
      groupsOf: async () => [],
      clearedOf: async () => [],
      now: () => 1000 + skewMs,
      onError: (error) => {
        throw error;
      },
    });
    this.#claims = new Claims({
      policy,
      sessionsOf: (uid) => this.hub.sessionsOf(uid),
      sessions: () => this.hub.sessionsOf('alice'),
      bus,
      now: () => 1000 + skewMs,
      node: name,
    });
  }

  /** Up to its CONNACK. */
  begin(platform: Platform | undefined, clientId = 'c', uid = 'alice'): void {
    const link = new FakeLink();
    const session = this.hub.attach({
      clientId,
      did: clientId,
      ...(platform !== undefined && { platform }),
      user: this.hub.claim(uid),
      link,
      window: 10,
      maxBacklogBytes: 1000,
      resumed: false,
    });
    link.end = (reason) => {
      this.ended.push(reason);
      this.hub.detach(session);
    };
    this.#coming.push(session);
  }

  /** The CONNACK of the oldest that waits for it. */
  greet(): void {
    const session = this.#coming.shift();
    if (session !== undefined) this.#claims.claim(session);
  }

  connect(platform?: Platform, clientId?: string, uid?: string): void {
    this.begin(platform, clientId, uid);
    this.greet();
  }

  names(uid = 'alice'): string[] {
    return this.hub.sessionsOf(uid).map(({ clientId }) => clientId);
  }

  async close(): Promise<void> {
    this.#claims.close();
    await this.hub.close();
  }
}

const withNodes = async (
  policy: Policy,
  skewsMs: readonly number[],
  use: (nodes: readonly Node[], bus: SlowBus) => void,
): Promise<void> => {
  const bus = new SlowBus();
  const nodes = skewsMs.map((skewMs, i) => new Node(bus.join(), policy, `n${i}`, skewMs));
  try {
    use(nodes, bus);
  } finally {
    for (const node of nodes) await node.close();
  }
};

const platforms = fc.constantFrom<Platform | undefined>('web', 'mobile', undefined);
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('begin' as const), node: fc.nat(2), platform: platforms }),
    fc.record({ do: fc.constant('greet' as const), node: fc.nat(2) }),
    fc.record({ do: fc.constant('deliver' as const), choice: fc.nat(50) }),
  ),
  { maxLength: 60 },
);
const skews = fc.array(fc.integer({ min: -5000, max: 5000 }), { minLength: 3, maxLength: 3 });

describe('devices.policy', () => {
  it('leaves exactly one of connections that come at once, on whatever nodes, however late nodes hear of each other', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Policy>('single', 'one-per-platform'),
        skews,
        steps,
        (policy, skewsMs, run) =>
          withNodes(policy, skewsMs, (nodes, bus) => {
            const begun = new Set<string>();
            for (const [i, step] of run.entries()) {
              if (step.do === 'deliver') bus.deliver(step.choice);
              else if (step.do === 'greet') nodes[step.node]!.greet();
              else {
                nodes[step.node]!.begin(step.platform, `c${i}`);
                begun.add(policy === 'single' ? 'any' : String(step.platform));
              }
            }
            for (const node of nodes) for (let i = 0; i < run.length; i++) node.greet();
            bus.drain();
            const left = nodes.flatMap(({ hub }) => [...hub.sessionsOf('alice')]);
            const kinds = left.map(({ platform }) => (policy === 'single' ? 'any' : String(platform)));
            assert.deepEqual(kinds.sort(), [...begun].sort());
            assert.ok(nodes.every(({ ended }) => ended.every((reason) => reason === 0x8e)));
          }),
      ),
      { numRuns: 300 },
    ));

  it('leaves exactly one also where claims were lost, once the nodes that missed them know that they did', () =>
    fc.assert(
      fc.asyncProperty(
        skews,
        fc.array(fc.record({ node: fc.nat(2), lost: fc.boolean() }), { minLength: 1, maxLength: 12 }),
        (skewsMs, run) =>
          withNodes('single', skewsMs, (nodes, bus) => {
            for (const [i, { node, lost }] of run.entries()) {
              nodes[node]!.connect('web', `c${i}`);
              if (lost) bus.lose(node);
              else bus.drain();
            }
            // A claim that one missed may be that of another: whoever lost something tells, and hears, anew.
            for (const node of nodes.keys()) bus.tellLoss(node);
            bus.drain();
            assert.equal(nodes.flatMap((node) => node.names()).length, 1);
          }),
      ),
    ));

  it('leaves the newest of connections that come one after the other, though clocks differ', () =>
    fc.assert(
      fc.asyncProperty(skews, fc.array(fc.nat(2), { minLength: 1, maxLength: 20 }), (skewsMs, order) =>
        withNodes('single', skewsMs, (nodes, bus) => {
          for (const [i, at] of order.entries()) {
            nodes[at]!.connect('web', `c${i}`);
            bus.drain();
            assert.deepEqual(
              nodes.flatMap((node) => node.names()),
              [`c${i}`],
            );
          }
        }),
      ),
    ));

  it('one-per-platform: an absent platform is one of its own', () =>
    withNodes('one-per-platform', [0, 0], ([one, two], bus) => {
      one!.connect('web', 'web');
      one!.connect(undefined, 'plain');
      two!.connect('mobile', 'mobile');
      bus.drain();
      assert.deepEqual([one!.names(), two!.names()], [['web', 'plain'], ['mobile']]);
      two!.connect(undefined, 'newer');
      bus.drain();
      assert.deepEqual([one!.names(), two!.names()], [['web'], ['mobile', 'newer']]);
    }));

  it('is about one user, and not about those without a token', () =>
    withNodes('single', [0], ([node], bus) => {
      for (const uid of ['alice', 'bob', 'anonymous', 'anonymous']) node!.connect('web', uid, uid);
      bus.drain();
      assert.deepEqual([node!.names().length, node!.names('bob').length], [1, 1]);
      assert.equal(node!.names('anonymous').length, 2);
    }));

  it('multi: all may stay, and nothing is said about it', () =>
    withNodes('multi', [0, 0], ([one, two], bus) => {
      one!.connect('web', 'a');
      two!.connect('web', 'b');
      assert.equal(bus.deliver(0), false);
      assert.deepEqual([one!.names(), two!.names()], [['a'], ['b']]);
    }));

  it('a claim that was lost is made again when an older one is heard', () =>
    withNodes('single', [0, 0], ([one, two], bus) => {
      one!.connect('web', 'old');
      two!.connect('web', 'late');
      bus.lose(1);
      assert.deepEqual([one!.names(), two!.names()], [['old'], ['late']]);
      bus.drain();
      assert.deepEqual([one!.names(), two!.names()], [[], ['late']]);
    }));
});
