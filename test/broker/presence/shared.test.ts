import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { SharedStates } from '../../../broker/presence/shared.ts';
import type { State } from '../../../broker/presence/state.ts';
import type { Bus } from '../../../store/bus.ts';
import type { Absence } from '../../../store/directory.ts';
import type { NodesChange } from '../../../store/nodes.ts';
import { FakeBusWorld } from '../../store/bus.fake.ts';
import { FakeOnline, FakeOnlineWorld } from '../../store/online.fake.ts';
import { until } from '../../support/until.ts';

const uids = ['ann', 'bob'] as const;
type Uid = (typeof uids)[number];

class Cluster {
  now = 1_000_000;
  graceMs = 2;
  readonly errors: unknown[] = [];
  /** Turns that a message or a read takes. */
  turns: () => number = () => 0;
  readonly online = new FakeOnlineWorld(() => this.now);
  readonly buses = new FakeBusWorld();
  readonly absences = new Map<string, Absence>();
  readonly nodes = new Map<string, Node>();

  constructor() {
    this.buses.delay = () => this.turns();
    this.online.reach = async () => {
      for (let left = this.turns(); left > 0; left--) await turn();
    };
  }

  add(name: string): Node {
    const node = new Node(this, name);
    this.nodes.set(name, node);
    return node;
  }

  /** The process has died; the others hear of it. */
  kill(name: string): void {
    const node = this.nodes.get(name)!;
    this.nodes.delete(name);
    this.buses.remove(name);
    this.online.gone.add(name);
    void node.states.close();
    const left = [{ id: name, role: 'all' as const, startedAt: 0 }];
    for (const { onChange } of this.nodes.values()) onChange?.({ joined: [], left });
  }

  /** What is true now. */
  truth(uid: string): Pick<State, 'online' | 'platforms'> {
    const where = this.online.whereabouts(uid);
    return where?.online ? { online: true, platforms: where.platforms } : { online: false };
  }
}

class Node {
  readonly name: string;
  readonly online: FakeOnline;
  readonly bus: Bus;
  readonly states: SharedStates;
  /** What was told of each user who is watched here. */
  readonly told = new Map<string, State[]>();
  onChange: ((change: NodesChange) => void) | undefined;

  constructor(cluster: Cluster, name: string) {
    this.name = name;
    this.online = new FakeOnline(cluster.online, name);
    this.bus = cluster.buses.node(name);
    this.states = new SharedStates({
      online: this.online,
      directory: {
        absences: async (asked) => {
          for (let left = cluster.turns(); left > 0; left--) await turn();
          return new Map(
            asked.flatMap((uid) => cluster.absences.get(uid) ?? []).map((one, i) => [asked[i]!, one]),
          );
        },
        putStatus: async (uid, status, at) => {
          cluster.absences.set(uid, { lastSeen: 0, hiddenAt: 0, status, statusAt: at });
        },
      },
      bus: this.bus,
      nodes: {
        self: { id: name, role: 'all', startedAt: 0 },
        onChange: (handler) => {
          this.onChange = handler;
          return () => {};
        },
      },
      isHere: () => false,
      now: () => cluster.now,
      onError: (error) => cluster.errors.push(error),
      graceMs: cluster.graceMs,
      retryMs: 5,
    });
    this.states.onChange((uid) => {
      void this.states.of(uid).then((state) => this.#tell(uid, state));
    });
  }

  async watch(uid: string): Promise<void> {
    if (this.told.has(uid)) return;
    this.told.set(uid, []);
    await this.states.hold(uid);
    this.#tell(uid, await this.states.of(uid));
  }

  #tell(uid: string, state: State): void {
    if (this.last(uid) !== state) this.told.get(uid)?.push(state);
  }

  connect(uid: string, clientId: string, platform: 'web' | 'mobile' = 'web'): void {
    const at = { address: '', protocol: 5, transport: 'tcp', since: 1 } as const;
    this.online.put({ uid, clientId, did: clientId, platform, ...at });
  }

  end(uid: string, clientId: string): void {
    this.online.remove({ uid, clientId });
  }

  last(uid: string): State | undefined {
    return this.told.get(uid)?.at(-1);
  }
}

/** Lets what is under way come to rest, but for the grace. */
const rest = async (): Promise<void> => {
  for (let i = 0; i < 30; i++) await turn();
};

describe('states of users over all nodes', () => {
  it('are told on every node that watches, with one time', async () => {
    const cluster = new Cluster();
    const [a, b, c] = [cluster.add('a'), cluster.add('b'), cluster.add('c')];
    await a.watch('bob');
    await b.watch('bob');
    assert.deepEqual(a.last('bob'), { online: false, ts: 1 });
    cluster.now += 5000;
    c.connect('bob', '1');
    await until('both hear', () => a.last('bob')?.online && b.last('bob')?.online);
    const state = { online: true, ts: cluster.now, platforms: ['web'] };
    assert.deepEqual([a.last('bob'), b.last('bob')], [state, state]);
    cluster.now += 5000;
    c.end('bob', '1');
    await until('both hear', () => !a.last('bob')?.online && !b.last('bob')?.online);
    const gone = { online: false, ts: cluster.now };
    assert.deepEqual([a.last('bob'), b.last('bob')], [gone, gone]);
    assert.deepEqual(await c.states.of('bob'), gone);
  });

  it('say nothing of who comes back at once, on whatever node, nor of a device that is there twice', async () => {
    const cluster = new Cluster();
    cluster.graceMs = 60_000;
    const [a, b, c] = [cluster.add('a'), cluster.add('b'), cluster.add('c')];
    b.connect('bob', '1');
    await b.online.written();
    await a.watch('bob');
    c.connect('bob', '2');
    b.end('bob', '1');
    await rest();
    b.connect('bob', '1');
    c.end('bob', '2');
    await rest();
    b.end('bob', '1');
    c.connect('bob', '1');
    await rest();
    assert.equal(a.told.get('bob')?.length, 1);
  });

  it('become offline where the node has died, also of those it could not tell of', async () => {
    const cluster = new Cluster();
    const [a, b] = [cluster.add('a'), cluster.add('b')];
    await a.watch('bob');
    b.connect('bob', '1');
    await until('online', () => a.last('bob')?.online);
    cluster.now += 5000;
    cluster.kill('b');
    await until('offline', () => a.last('bob')?.online === false);
    assert.equal(a.last('bob')?.ts, cluster.now);
  });

  it('have what the will said, whichever node sent it, until the user is back', async () => {
    const cluster = new Cluster();
    const [a, b, c] = [cluster.add('a'), cluster.add('b'), cluster.add('c')];
    await a.watch('lamp');
    b.connect('lamp', '1');
    await until('online', () => a.last('lamp')?.online);
    cluster.now += 5000;
    b.end('lamp', '1');
    await c.states.will('lamp', Buffer.from('{"battery":3}'));
    await until('the status', () => a.last('lamp')?.status);
    const state = { online: false, ts: cluster.now, status: { battery: 3 } };
    assert.deepEqual([a.last('lamp'), await c.states.of('lamp')], [state, state]);
    const told = a.told.get('lamp')!.length;
    cluster.buses.deafen('a');
    cluster.buses.hear('a');
    await rest();
    assert.equal(a.told.get('lamp')!.length, told);
    cluster.now += 5000;
    c.connect('lamp', '1');
    await until('online', () => a.last('lamp')?.online);
    await b.states.will('lamp', Buffer.from('late'));
    cluster.now += 5000;
    c.end('lamp', '1');
    await until('offline', () => a.last('lamp')?.online === false);
    assert.deepEqual(a.last('lamp'), { online: false, ts: cluster.now });
  });

  it('are as they were while they cannot be read, and then as they are', async () => {
    const cluster = new Cluster();
    const [a, b] = [cluster.add('a'), cluster.add('b')];
    await a.watch('bob');
    const { reach } = cluster.online;
    let isAway = false;
    let tries = 0;
    cluster.online.reach = async (node) => {
      if (isAway && node === 'a') {
        tries++;
        throw new Error('away');
      }
      await reach(node);
    };
    isAway = true;
    b.connect('bob', '1');
    await until('some tries', () => tries >= 2);
    assert.equal(cluster.errors.length > 0, true);
    assert.equal(a.told.get('bob')?.length, 1);
    isAway = false;
    await until('online', () => a.last('bob')?.online);
  });

  const uid = fc.constantFrom<Uid>(...uids);
  const node = fc.constantFrom('a', 'b', 'c');
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('connect' as const),
      node,
      uid,
      client: fc.constantFrom('1', '2'),
      platform: fc.constantFrom('web' as const, 'mobile' as const),
    }),
    fc.record({ kind: fc.constant('end' as const), node, uid, client: fc.constantFrom('1', '2') }),
    fc.record({ kind: fc.constantFrom('watch' as const, 'deafen' as const, 'hear' as const), node, uid }),
    fc.record({ kind: fc.constant('wait' as const), turns: fc.nat(12), ms: fc.constantFrom(1, 5000) }),
    fc.record({ kind: fc.constant('kill' as const), node: fc.constantFrom('b', 'c') }),
  );

  it('come to the truth on every node, whatever is slow, lost or dies', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 3, maxLength: 25 }),
        fc.array(fc.nat(4), { minLength: 1, maxLength: 20 }),
        async (steps, delays) => {
          const cluster = new Cluster();
          let asked = 0;
          cluster.turns = () => delays[asked++ % delays.length]!;
          for (const name of ['a', 'b', 'c']) cluster.add(name);
          const watching: Promise<void>[] = [];
          for (const one of steps) {
            if (one.kind === 'wait') {
              cluster.now += one.ms;
              for (let left = one.turns; left > 0; left--) await turn();
              continue;
            }
            const at = cluster.nodes.get(one.node);
            if (at === undefined) continue;
            if (one.kind === 'kill') cluster.kill(one.node);
            else if (one.kind === 'connect') at.connect(one.uid, one.client, one.platform);
            else if (one.kind === 'end') at.end(one.uid, one.client);
            else if (one.kind === 'watch') watching.push(at.watch(one.uid));
            else if (one.kind === 'deafen') cluster.buses.deafen(one.node);
            else cluster.buses.hear(one.node);
          }
          for (const name of cluster.nodes.keys()) cluster.buses.hear(name);
          const live = [...cluster.nodes.values()];
          await Promise.all(watching);
          await Promise.all(live.map(({ online }) => online.written()));
          const isTrue = () =>
            live.every((at) =>
              [...at.told.keys()].every((one) => {
                const { ts: _, status: __, ...shown } = at.last(one)!;
                return JSON.stringify(shown) === JSON.stringify(cluster.truth(one));
              }),
            );
          await until('the truth', isTrue, 2000);
          await cluster.buses.arrived();
          await rest();
          assert.ok(isTrue());
          for (const at of live) await at.states.close();
          assert.deepEqual(cluster.errors, []);
        },
      ),
      { numRuns: 60 },
    );
  });
});
