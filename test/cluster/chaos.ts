import process from 'node:process';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Seeded } from '../support/seeded.ts';
import { assertNothingLost, type Timelines } from './checks.ts';
import { Cluster, type ClusterOptions } from './cluster.ts';
import { Load } from './load/load.ts';
import { Recoveries } from './recoveries.ts';

/** PETREL_CHAOS_SEED repeats a run as far as it hangs on chance of ours; PETREL_CHAOS_RATE is messages a second a sender. */
const seed = Number(process.env.PETREL_CHAOS_SEED ?? Date.now() % 1_000_000);
const perSecond = Number(process.env.PETREL_CHAOS_RATE ?? 6);
/** How often each scenario is run. */
export const rounds = Number(process.env.PETREL_CHAOS_ROUNDS ?? 1);

/** Nothing may take longer; how long it takes is told, not tested. */
const patienceMs = 60_000;

/** What is done to a cluster under load, step by step; `healed` is called when all is as before. */
export interface Fault {
  readonly cluster: Cluster;
  readonly load: Load;
  readonly random: Seeded;
  /** Resolves after this time, under load. */
  lasts(ms: number): Promise<void>;
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
    after: (timelines: Timelines) => void | Promise<void> = () => {},
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
      const timelines = await assertNothingLost(load, patienceMs);
      await after(timelines);
      recovery.ended();
    } catch (error) {
      this.#isBroken = true;
      this.#tellOfNodes();
      throw error;
    }
  }

  async stop(): Promise<void> {
    process.stdout.write(this.#recoveries.table());
    await this.load.end().finally(() => this.cluster.stop());
  }

  /** The last that the processes had to say, for whoever looks for the reason. */
  #tellOfNodes(): void {
    for (const { name, petrel } of this.cluster.nodes) {
      const lines = petrel.output.split('\n').filter((line) => /"level":"(warn|error|fatal)"/.test(line));
      process.stdout.write(`${name}:\n${lines.slice(-10).map(shortened).join('\n')}\n`);
    }
  }
}

/** A line of the log without its stacks. */
function shortened(line: string): string {
  const { time, msg, err } = JSON.parse(line) as { time: string; msg: string; err?: Logged };
  const causes: string[] = [];
  for (let at = err; at !== undefined; at = at.cause) causes.push(at.message);
  return `${time} ${msg} ${causes.join(' <- ')}`;
}

interface Logged {
  readonly message: string;
  readonly cause?: Logged;
}
