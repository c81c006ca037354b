import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { ConversationLists } from '../../../api/conversations/lists.ts';
import { type ConvId, groupConv, type Head, parseConv } from '../../../schemas/event.ts';
import type { BusMessage } from '../../../store/bus.ts';
import type { ConversationSettings } from '../../../store/directory.ts';
import { BusNetwork, type NetworkBus } from '../../support/bus-network.ts';

const nothing = { pinnedAt: 0, mutedUntil: 0, markedUnread: false, clearedSeq: 0, clearedN: 0 };

/** What is true, and a lists object that is told of it as the server tells it. */
class World {
  readonly heads = new Map<ConvId, Head>();
  readonly members = new Map<string, Map<string, number>>();
  readonly kept = new Map<string, Map<ConvId, ConversationSettings>>();
  reads = 0;
  failing = false;
  /** Turns of the event loop that a read takes before it looks, and after. */
  turns: [number, number] = [0, 0];
  #ts = 1000;
  readonly lists: ConversationLists;

  /** Where the lists hear what happens over a network: their end of it. */
  readonly bus: NetworkBus | undefined;
  readonly #teller: NetworkBus | undefined;

  constructor(maxEntries?: number, network?: BusNetwork) {
    this.bus = network?.node();
    this.#teller = network?.node();
    this.lists = new ConversationLists({
      ...(maxEntries !== undefined && { maxEntries }),
      ...(this.bus !== undefined && { bus: this.bus }),
      timeline: {
        directs: (uid) =>
          this.#read(() =>
            [...this.heads]
              .filter(([id]) => {
                const conv = parseConv(id);
                return conv?.kind === 'direct' && (conv.a === uid || conv.b === uid);
              })
              .map(([conv, head]) => ({ conv, head })),
          ),
        heads: (convs) => this.#read(() => convs.map((conv) => this.heads.get(conv))),
      },
      directory: {
        groupsOf: (uid) =>
          this.#read(() =>
            [...this.members].flatMap(([gid, members]) => {
              const since = members.get(uid);
              return since === undefined ? [] : [{ gid, since, sinceN: since - 1, joinedAt: 1 }];
            }),
          ),
        settingsOf: (uid) => this.#read(() => [...(this.kept.get(uid)?.values() ?? [])]),
        settings: (uid, conv) => this.#read(() => this.kept.get(uid)?.get(conv)),
      },
    });
  }

  listenToBus(): void {
    this.bus?.onEvent((event) => this.lists.onEvent(event));
    this.bus?.subscribe((message) => this.lists.onBus(message));
  }

  #tell(message: BusMessage): void {
    if (this.#teller === undefined) this.lists.onBus(message);
    else this.#teller.publish(message);
  }

  async #read<T>(look: () => T): Promise<T> {
    this.reads++;
    const [before, after] = this.turns;
    for (let i = 0; i < before; i++) await setImmediate();
    if (this.failing) throw new Error('away');
    const found = look();
    for (let i = 0; i < after; i++) await setImmediate();
    return found;
  }

  say(conv: ConvId, tell = true): void {
    const before = this.heads.get(conv) ?? { seq: 0, n: 0, ts: 0 };
    const head = { seq: before.seq + 1, n: before.n + 1, ts: ++this.#ts };
    this.heads.set(conv, head);
    if (!tell) return;
    if (this.#teller === undefined) this.lists.onEvent({ conv, ...head });
    else this.#teller.publishEvent({ conv, ...head, from: 'a', raw: Buffer.of() }, false);
  }

  join(gid: string, uid: string): void {
    this.say(groupConv(gid));
    const members = this.members.get(gid) ?? new Map<string, number>();
    this.members.set(gid, members.set(uid, this.heads.get(groupConv(gid))!.seq));
    this.#tell({ type: 'membership', gid, uid, since: 1 });
  }

  leave(gid: string, uid: string): void {
    this.members.get(gid)?.delete(uid);
    this.#tell({ type: 'stale', group: gid });
  }

  /** The group shows all of its history from now on. */
  open(gid: string): void {
    for (const uid of this.members.get(gid)?.keys() ?? []) this.members.get(gid)!.set(uid, 1);
    this.#tell({ type: 'opened', gid });
  }

  keep(uid: string, conv: ConvId, change: Partial<ConversationSettings>): void {
    const kept = this.kept.get(uid) ?? new Map<ConvId, ConversationSettings>();
    this.kept.set(uid, kept.set(conv, { conv, ...nothing, ...kept.get(conv), ...change }));
    this.#tell({ type: 'notice', uid, notice: { type: 'conversation', conv } });
  }

  /** `conv seq since` in the order of the list, from the truth. */
  expected(uid: string, hidden: boolean): string[] {
    const places = new Map<ConvId, number>();
    for (const id of this.heads.keys()) {
      const conv = parseConv(id)!;
      const since = conv.kind === 'group' ? this.members.get(conv.gid)?.get(uid) : 1;
      const has = conv.kind === 'group' ? since !== undefined : conv.a === uid || conv.b === uid;
      if (has) places.set(id, since!);
    }
    const kept = this.kept.get(uid);
    return [...places]
      .map(([conv, since]) => ({ conv, since, head: this.heads.get(conv)!, kept: kept?.get(conv) }))
      .filter(({ kept, head }) => kept === undefined || kept.clearedSeq === 0 || head.n > kept.clearedN)
      .filter(({ kept, head }) => (kept?.hiddenN !== undefined && head.n <= kept.hiddenN) === hidden)
      .sort(
        (x, y) =>
          (y.kept?.pinnedAt ?? 0) - (x.kept?.pinnedAt ?? 0) ||
          (x.kept?.pinnedAt ? (x.conv < y.conv ? -1 : 1) : y.head.ts - x.head.ts),
      )
      .map(({ conv, head, since }) => `${conv} ${head.seq} ${since}`);
  }

  /** The same from the lists, page by page. */
  async listed(uid: string, hidden = false, limit = 3): Promise<string[]> {
    const list = await this.lists.of(uid);
    const found: string[] = [];
    for (let page = list.page(hidden, undefined, limit); ; page = list.page(hidden, page.next, limit)) {
      found.push(...page.items.map(({ conv, head, since }) => `${conv.id} ${head.seq} ${since}`));
      if (page.next === undefined) return found;
    }
  }
}

const uids = ['a', 'b', 'c'];
const convs = ['u:a:b', 'u:a:c', 'u:b:c', 'u:a:a', 'g:x', 'g:y'];
const uid = fc.constantFrom(...uids);
const conv = fc.constantFrom(...convs);
const gid = fc.constantFrom('x', 'y');
const settings = fc.oneof(
  fc.record({ pinnedAt: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ hiddenN: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ clearedSeq: fc.integer({ min: 1, max: 9 }), clearedN: fc.integer({ min: 0, max: 9 }) }),
);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('say' as const), conv }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('join' as const, 'leave' as const), gid, uid }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('open' as const), gid }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('keep' as const), uid, conv, settings }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('ask' as const), uid }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('slow' as const),
      turns: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function take(world: World, one: Step): Promise<void> {
  switch (one.do) {
    case 'say':
      // Nothing is said in a group that nobody made.
      if (one.conv.startsWith('u:') || world.heads.has(one.conv)) world.say(one.conv);
      return;
    case 'join':
      if (!world.members.get(one.gid)?.has(one.uid)) world.join(one.gid, one.uid);
      return;
    case 'leave':
      world.leave(one.gid, one.uid);
      return;
    case 'open':
      world.open(one.gid);
      return;
    case 'keep':
      world.keep(one.uid, one.conv, one.settings);
      return;
    case 'turn':
      await setImmediate();
      return;
    case 'clear':
      world.bus?.cut();
      if (world.bus !== undefined) world.say('u:a:b');
      world.bus?.heal();
      if (world.bus === undefined) world.lists.clear();
      return;
    case 'slow':
      world.turns = one.turns;
  }
}

/** A group that opens its past after a list has read its groups, and before it hears of them. */
const openedWhileRead: Step[] = [
  { do: 'join', gid: 'x', uid: 'a' },
  { do: 'ask', uid: 'b' },
  { do: 'join', gid: 'x', uid: 'b' },
  { do: 'turn' },
  { do: 'open', gid: 'x' },
  { do: 'slow', turns: [0, 0] },
  { do: 'say', conv: 'u:a:b' },
  { do: 'slow', turns: [0, 0] },
  { do: 'slow', turns: [0, 0] },
  { do: 'turn' },
];

describe("users' lists in memory", () => {
  for (const network of [false, true])
    it(`are what the stores say, whatever happens while they are read${network ? ', over a network' : ''}`, async () => {
      const run = fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 60 }),
        fc.constantFrom(undefined, 12, 1),
        async (steps, maxEntries) => {
          const world = new World(maxEntries, network ? new BusNetwork() : undefined);
          world.listenToBus();
          const asked: Promise<unknown>[] = [];
          for (const one of steps) {
            if (one.do === 'ask') asked.push(world.lists.of(one.uid));
            else await take(world, one);
          }
          // While some are still being read.
          for (const one of uids) assert.deepEqual(await world.listed(one), world.expected(one, false));
          await Promise.all(asked);
          for (const one of uids) {
            assert.deepEqual(await world.listed(one), world.expected(one, false));
            assert.deepEqual(await world.listed(one, true, 100), world.expected(one, true));
          }
          world.lists.clear();
          assert.deepEqual([...(world.bus?.topics ?? [])], []);
        },
      );
      await fc.assert(run, {
        numRuns: network ? 200 : 400,
        interruptAfterTimeLimit: 20_000,
        examples: [[openedWhileRead, undefined]],
      });
    });

  it('are read once, and then only where something changed', async () => {
    const world = new World();
    for (let i = 0; i < 50; i++) world.say(`u:a:b${i}`);
    world.join('x', 'a');
    await world.lists.of('a');
    const { reads } = world;
    for (let i = 0; i < 200; i++) world.say(`u:a:b${(i * 7) % 90}`);
    world.say('g:x');
    assert.deepEqual(await world.listed('a', false, 10), world.expected('a', false));
    assert.equal(world.reads, reads);
    world.keep('a', 'u:a:b3', { pinnedAt: 5 });
    assert.deepEqual(await world.listed('a'), world.expected('a', false));
    assert.equal(world.reads, reads + 1);
  });

  it('keep up with more than is remembered of what moved', async () => {
    const world = new World();
    for (let i = 0; i < 40; i++) world.say(`u:a:b${i}`);
    await world.lists.of('a');
    for (let i = 0; i < 70_000; i++) world.say(`u:${i % 2 ? 'a:b' : 'c:d'}${i % 41}`);
    assert.deepEqual(await world.listed('a'), world.expected('a', false));
  });

  it('are read anew when something may have been missed', async () => {
    const world = new World();
    world.say('u:a:b');
    await world.lists.of('a');
    world.say('u:a:c', false);
    world.say('u:a:b', false);
    world.lists.clear();
    assert.deepEqual(await world.listed('a'), world.expected('a', false));
  });

  it('cannot be had while the bus is away, and are whole afterwards', async () => {
    const world = new World(undefined, new BusNetwork());
    world.listenToBus();
    world.join('x', 'a');
    await world.lists.of('a');
    assert.deepEqual([...world.bus!.topics.keys()], ['u:a', 'g:x']);
    world.bus!.cut();
    await assert.rejects(world.lists.of('b'), { code: 'store.unavailable' });
    world.say('u:a:b');
    world.leave('x', 'a');
    world.bus!.heal();
    assert.deepEqual(await world.listed('a'), ['u:a:b 1 1']);
    assert.deepEqual(await world.listed('b'), ['u:a:b 1 1']);
    assert.deepEqual([...world.bus!.topics.keys()], ['u:a', 'u:b']);
  });

  it('cannot be had while the stores are away, and are whole afterwards', async () => {
    const world = new World();
    world.join('x', 'a');
    await world.lists.of('a');
    world.failing = true;
    world.leave('x', 'a');
    await assert.rejects(world.lists.of('a'), /away/);
    await assert.rejects(world.lists.of('b'), /away/);
    world.failing = false;
    world.say('u:a:b');
    assert.deepEqual(await world.listed('a'), ['u:a:b 1 1']);
    assert.deepEqual(await world.listed('b'), ['u:a:b 1 1']);
  });

  it('of those who have not asked for longest go first', async () => {
    const world = new World(60);
    for (const other of ['b', 'c', 'd']) for (let i = 0; i < 20; i++) world.say(`u:a${i}:${other}`);
    const costs = async (asker: string) => {
      const { reads } = world;
      await world.lists.of(asker);
      return world.reads - reads > 0;
    };
    assert.deepEqual([await costs('b'), await costs('c'), await costs('b')], [true, true, false]);
    assert.deepEqual([await costs('d'), await costs('b'), await costs('c')], [true, false, true]);
  });
});
