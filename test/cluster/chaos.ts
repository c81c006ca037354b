import process from 'node:process';
import { after, before, describe, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Seeded } from '../support/seeded.ts';
import { within } from '../support/until.ts';
import { assertNothingLost } from './checks.ts';
import { Cluster, type ClusterOptions, type Node } from './cluster.ts';
import { Load } from './load/load.ts';
import { Recoveries } from './recoveries.ts';

/** PETREL_CHAOS_SEED repeats a run as far as it hangs on chance of ours; PETREL_CHAOS_RATE is messages a second a sender. */
const seed = Number(process.env.PETREL_CHAOS_SEED ?? Date.now() % 1_000_000);
const perSecond = Number(process.env.PETREL_CHAOS_RATE ?? 3);
/** How often each scenario is run; more than once is the long form, which has more of them. */
const roundCount = Number(process.env.PETREL_CHAOS_ROUNDS ?? 1);

/** Nothing may take longer; how long it takes is told, not tested. */
const patienceMs = 120_000;

const endMs = 30_000;

/** Longer than the lease of a node. */
export const leaseMs = 12_000;

/** Registers each scenario once, and in the long form (`npm run chaos`) several times over. */
export function rounds(register: (suffix: string) => void): void {
  for (let round = 1; round <= roundCount; round++) register(roundCount === 1 ? '' : `, round ${round}`);
}

/** Registers what only the long form has the time for. */
export function atLength(register: () => void): void {
  if (roundCount > 1) register();
}

/** What is done to a cluster under load, step by step; `healed` is called when all is as before. */
export interface Fault {
  readonly cluster: Cluster;
  readonly load: Load;
  readonly random: Seeded;
  /** Resolves after this time, under load. */
  lasts(ms: number): Promise<void>;
}

/** One process is killed, and comes back after a while. */
export const kill =
  (victimOf: (cluster: Cluster) => Pick<Node, 'kill' | 'up'>) =>
  async ({ cluster, lasts, random }: Fault): Promise<void> => {
    const victim = victimOf(cluster);
    await victim.kill();
    await lasts(random.between(0, 2000));
    await victim.up();
  };

/** Registers what one cluster under load has to survive, with its start and its end. */
export function underLoad(
  title: string,
  options: ClusterOptions,
  register: (chaos: () => Chaos) => void,
): void {
  describe(title, () => {
    let chaos: Chaos | undefined;
    before(async () => {
      chaos = await Chaos.start(options);
    });
    after(() => chaos?.stop());
    register(() => chaos!);
  });
}

/** A cluster under load, to which one thing after the other happens. */
export class Chaos {
  readonly cluster: Cluster;
  readonly load: Load;
  readonly random: Seeded;
  readonly #recoveries: Recoveries;
  #isBroken = false;

  private constructor(cluster: Cluster, load: Load, random: Seeded) {
    this.cluster = cluster;
    this.load = load;
    this.random = random;
    this.#recoveries = new Recoveries(load);
  }

  static async start(options?: ClusterOptions): Promise<Chaos> {
    const random = new Seeded(seed);
    const cluster = await Cluster.start(options);
    try {
      const load = await Load.start(cluster, random, perSecond);
      await load.progress(2, patienceMs);
      return new Chaos(cluster, load, random);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /**
   * Does something to the cluster under load, heals it, and checks that everything that was acknowledged is there, once, in
   * its place, and with all who should have it. How long it took shows in the table at the end.
   */
  async survives(
    t: TestContext,
    name: string,
    fault: (fault: Fault) => Promise<void>,
    { losesSessions = false }: { losesSessions?: boolean } = {},
  ): Promise<void> {
    t.diagnostic(`PETREL_CHAOS_SEED=${seed}`);
    const { cluster, load, random } = this;
    const { away } = load.receivers;
    if (this.#isBroken) throw new Error('an earlier fault was not survived');
    try {
      load.resume();
      await load.progress(1, patienceMs);
      await away.leave();
      const recovery = this.#recoveries.begin(name);
      await fault({ cluster, load, random, lasts: (ms) => setTimeout(ms, undefined) });
      recovery.healed();
      away.comeBack();
      await load.progress(3, patienceMs);
      await load.pause(patienceMs);
      if (losesSessions) load.forgiveLostSessions();
      await assertNothingLost(load, patienceMs);
      recovery.ended();
    } catch (error) {
      this.#isBroken = true;
      cluster.tell();
      throw error;
    }
  }

  async stop(): Promise<void> {
    process.stdout.write(this.#recoveries.table());
    await within('the end of the load', this.load.end(), endMs).finally(() => this.cluster.stop());
  }
}
