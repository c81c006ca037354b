import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { fileStorage } from '../../../sdk/storage/file.ts';
import { memoryStorage } from '../../../sdk/storage/memory.ts';
import type { Storage } from '../../../sdk/storage.ts';
import { Killable } from './killable.ts';
import { type Opened, refusals, settled, World } from './world.ts';

const convs = ['u:alice:bob', 'g:team', 'u:alice:alice'] as const;
const maxTabs = 3;
const patienceMs = 20_000;

type Refusal = Exclude<keyof typeof refusals, 'offline'>;

/** What happens; tabs are named by a number, which counts among those that are open. */
type Step =
  | { readonly do: 'add'; readonly tab: number; readonly conv: number }
  | { readonly do: 'take'; readonly tab: number; readonly refusal: Refusal | undefined }
  | { readonly do: 'retry' | 'discard'; readonly tab: number; readonly at: number }
  | { readonly do: 'deliver' | 'cut' | 'connect' | 'vanish' | 'open' | 'settle'; readonly tab: number }
  | { readonly do: 'pass' | 'turn' };

const tab = fc.nat(maxTabs - 1);
const just = <const T extends string>(...names: T[]) => fc.record({ do: fc.constantFrom(...names), tab });
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('add' as const), tab, conv: fc.nat(convs.length - 1) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('take' as const), tab, refusal: fc.constant(undefined) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      tab,
      refusal: fc.constantFrom<Refusal>('forGood', 'forNow', 'rate'),
    }),
  },
  { weight: 6, arbitrary: just('deliver') },
  { weight: 5, arbitrary: just('connect') },
  { weight: 3, arbitrary: just('cut', 'vanish', 'open', 'settle') },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('retry' as const, 'discard' as const), tab, at: fc.nat(3) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('pass' as const, 'turn' as const) }) },
);

interface Process extends Opened {
  readonly storage: Killable;
}

/** Plays the steps; whatever they are, what the outbox promises holds in the end. */
class Play {
  readonly world: World;
  readonly #delays: Iterator<number>;
  readonly #processes: Process[] = [];
  readonly #gone: Process[] = [];
  /** What was kept, by conversation and writer in the order of writing. */
  readonly #kept = new Map<string, string[]>();
  readonly #keptAll = new Map<string, string>();
  readonly #adding = new Set<Promise<unknown>>();
  /** What may be out of its order. */
  readonly #refused = new Set<string>();
  readonly #discarded = new Set<string>();
  #written = 0;

  constructor(storage: Storage, isElected: boolean, delays: readonly number[]) {
    this.world = new World(storage, { isElected });
    this.#delays = cycle(delays);
    this.#open();
  }

  async do(step: Step): Promise<void> {
    if (!('tab' in step)) {
      await (step.do === 'pass' ? this.world.clock.pass() : settled());
      return;
    }
    const process = this.#processes[step.tab % this.#processes.length]!;
    const { transport, tab, outbox } = process;
    if (step.do === 'add') this.#add(process, convs[step.conv]!);
    else if (step.do === 'take') this.#take(process, step.refusal);
    else if (step.do === 'deliver') transport.deliver();
    else if (step.do === 'cut') transport.cut();
    else if (step.do === 'connect' && tab.isLeader.value) transport.connect();
    else if (step.do === 'open' && this.#processes.length < maxTabs) this.#open();
    else if (step.do === 'vanish') this.#vanish(process);
    else if (step.do === 'settle') this.#settle(process);
    else if (step.do === 'retry' || step.do === 'discard') {
      const failed = convs.flatMap((conv) => outbox.of(conv).filter(({ state }) => state === 'failed'));
      const entry = failed[step.at];
      if (entry === undefined) return;
      const done = outbox[step.do](entry.conv, entry.id);
      if (step.do === 'discard') this.#discarded.add(entry.id);
      this.#wait(done, process);
    }
    await setImmediate();
  }

  /** The network is good from now on: everything is sent, and then all is as it should be. */
  async finish(): Promise<void> {
    const open = (): boolean =>
      this.#processes.some(
        ({ outbox, added, outcomes }) => outbox.waiting.value > 0 || added.size > outcomes.size,
      );
    const deadline = Date.now() + patienceMs;
    await Promise.all(this.#processes.map(({ outbox }) => outbox.opened));
    // A storage that takes its time may still have news when nothing seems to wait.
    for (let quiet = 0; quiet < 4; quiet = this.#adding.size > 0 || open() ? 0 : quiet + 1) {
      assert.ok(Date.now() < deadline, 'all that waits is sent in the end');
      for (const { transport, tab } of this.#processes) {
        if (tab.isLeader.value) transport.connect();
        while (transport.take() !== undefined) transport.deliver();
        transport.deliver();
      }
      await this.world.clock.pass();
    }
    while (this.#adding.size > 0 || open());
    // Two tabs that both lead may get two answers, of which the refusal alone arrives: the event says how it is.
    for (const process of this.#processes) this.#settle(process);
    await Promise.all(this.#adding);
    await settled();
    await this.#check();
  }

  #open(): void {
    const storage = new Killable(this.world.storage, this.#delays);
    this.#processes.push({ ...this.world.open({ storage }), storage });
  }

  #add(process: Process, conv: string): void {
    const id = `m${++this.#written}`;
    const lane = `${this.#processes.indexOf(process) + this.#gone.length * maxTabs} ${conv}`;
    const add = process.add(conv, id).then(() => {
      this.#kept.set(lane, [...(this.#kept.get(lane) ?? []), id]);
      this.#keptAll.set(id, conv);
    });
    this.#wait(add, process);
  }

  #wait(work: Promise<unknown>, process: Process): void {
    // A process that dies answers nothing more.
    const done = Promise.race([work, process.died]);
    this.#adding.add(done);
    const ended = (): void => void this.#adding.delete(done);
    done.then(ended, ended);
  }

  #take({ transport }: Process, kind: Refusal | undefined): void {
    const next = transport.next;
    // What is stored already is answered as such, whatever else may be wrong by now.
    const isStored = next !== undefined && this.world.server.stored.get(next.conv)?.includes(next.id);
    if (kind === undefined || isStored) transport.take();
    else {
      transport.take(refusals[kind]());
      if (next !== undefined) this.#refused.add(next.id);
    }
  }

  /** An event of one's own comes before its acknowledgement, or without. */
  #settle(process: Process): void {
    for (const conv of convs) {
      const stored = this.world.server.stored.get(conv) ?? [];
      for (const { id } of process.outbox.of(conv)) {
        const at = stored.indexOf(id);
        if (at !== -1) this.#wait(process.outbox.settle(conv, id, { seq: at + 1, ts: 1001 + at }), process);
      }
    }
  }

  #vanish(process: Process): void {
    this.#processes.splice(this.#processes.indexOf(process), 1);
    this.#gone.push(process);
    process.storage.kill();
    process.vanish();
    if (this.#processes.length === 0) this.#open();
  }

  async #check(): Promise<void> {
    const { server, storage, clock } = this.world;
    const failed = new Set((await storage.range<{ id: string }>('outbox')).map(({ id }) => id));
    for (const [id, conv] of this.#keptAll) {
      const times = (server.stored.get(conv) ?? []).filter((stored) => stored === id).length;
      const isThere = failed.has(id) || this.#discarded.has(id);
      assert.ok(times === 1 || (times === 0 && isThere), `${id} is stored ${times} times`);
      assert.ok(!(times === 1 && failed.has(id)), `${id} is stored, and failed`);
    }
    for (const [lane, ids] of this.#kept) {
      const stored = server.stored.get(lane.slice(lane.indexOf(' ') + 1)) ?? [];
      const calm = ids.filter((id) => !this.#refused.has(id) && stored.includes(id));
      const inOrder = stored.filter((id) => calm.includes(id));
      assert.deepEqual(inOrder, calm, 'the order of writing');
    }
    for (const { outcomes, added } of [...this.#processes, ...this.#gone])
      for (const id of added) {
        const outcome = outcomes.get(id);
        assert.notEqual(outcome, undefined, `${id} was waited for`);
        if (typeof outcome === 'object')
          assert.equal(server.stored.get(this.#keptAll.get(id)!)?.[outcome.seq - 1], id);
      }
    for (const conv of convs) {
      const [first, ...others] = this.#processes.map(({ outbox }) => outbox.of(conv));
      for (const other of others) assert.deepEqual(other, first, 'all tabs show the same');
    }
    for (const { errors } of this.#processes) assert.deepEqual(errors, []);
    await Promise.all(this.#processes.map(({ outbox }) => outbox.close()));
    assert.deepEqual(clock.pauses, [], 'no timer is left');
  }
}

function* cycle(values: readonly number[]): Generator<number> {
  for (;;) yield* values.length === 0 ? [0] : values;
}

async function play(storage: Storage, isElected: boolean, all: readonly Step[], delays: readonly number[]) {
  const game = new Play(storage, isElected, delays);
  for (const step of all) await game.do(step);
  await game.finish();
}

const delays = fc.array(fc.nat(4), { maxLength: 12 });
const plays = fc.array(steps, { maxLength: 80, size: 'max' });

it('stores each message once and in order, and tells of each, whatever is cut, refused or closed', async () => {
  await fc.assert(
    fc.asyncProperty(plays, delays, fc.boolean(), (all, turns, isElected) =>
      play(memoryStorage(), isElected, all, turns),
    ),
    { numRuns: Number(process.env.TEST_OUTBOX_RUNS ?? 150), includeErrorInReport: true, endOnFailure: true },
  );
});

it('does so with a file as well', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'petrel-outbox-'));
  let files = 0;
  try {
    await fc.assert(
      fc.asyncProperty(plays, async (all) => {
        const storage = fileStorage({ path: join(folder, `client-${++files}.data`) });
        await play(storage, true, all, [0]).finally(() => storage.close());
      }),
      { numRuns: 15, includeErrorInReport: true, endOnFailure: true },
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
