import process from 'node:process';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { Api } from '../support/api.ts';
import { Petrel } from '../support/petrel.ts';
import { mint } from '../support/token.ts';
import { until } from '../support/until.ts';
import { type Door, User } from '../support/user.ts';
import { Link } from './link.ts';
import {
  type DiskVictim,
  dieWithUs,
  mariaDbVictim,
  mongoVictim,
  redisVictim,
  type ServerVictim,
  thaw,
  type Victim,
} from './victims.ts';

export type Role = 'all' | 'broker' | 'worker' | 'api';
export type ServerName = 'redis' | 'mariadb' | 'mongodb';

/** One process of Petrel, with a network of its own to each server. */
export interface Node extends Victim {
  readonly role: Role;
  readonly petrel: Petrel;
  readonly links: Readonly<Partial<Record<ServerName, Link>>>;
  /** False between `kill` and `up`. */
  readonly isUp: boolean;
}

export interface ClusterOptions {
  /** The nodes to start; those of the issue where absent. */
  readonly roles?: readonly Role[];
  /** Without Redis the state is in the memory of the one node. */
  readonly redis?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Size of the disk of the timeline; as large as it likes where absent. */
  readonly diskMegabytes?: number;
}

export const wholeCluster: readonly Role[] = ['broker', 'broker', 'worker', 'worker', 'api'];

const largePage = Buffer.alloc(256 * 1024, 1);
const maxBallast = 400;

/** Custom topics that everyone may use. */
const customTopics = JSON.stringify([{ match: 'news/#', allow: ['publish', 'subscribe'] }]);

/** Petrel's processes and their servers on this machine. */
export class Cluster {
  readonly nodes: readonly Node[];
  readonly mariadb: ServerVictim;
  readonly mongodb: DiskVictim;
  readonly #redis: ServerVictim | undefined;

  private constructor(
    nodes: readonly Node[],
    mariadb: ServerVictim,
    mongodb: DiskVictim,
    redis: ServerVictim | undefined,
  ) {
    this.nodes = nodes;
    this.mariadb = mariadb;
    this.mongodb = mongodb;
    this.#redis = redis;
  }

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const { roles = wholeCluster, redis: withRedis = true, env = {}, diskMegabytes } = options;
    const [mariadb, mongodb, redis] = await Promise.all([
      mariaDbVictim(),
      mongoVictim(diskMegabytes),
      withRedis ? redisVictim() : undefined,
    ]);
    const servers = { mariadb, mongodb, ...(redis && { redis }) };
    const counts = new Map<Role, number>();
    const nodes: Node[] = [];
    for (const role of roles) {
      const count = (counts.get(role) ?? 0) + 1;
      counts.set(role, count);
      nodes.push(await makeNode(`${role} ${count}`, role, servers, env));
    }
    const cluster = new Cluster(nodes, mariadb, mongodb, redis);
    try {
      await Promise.all(nodes.map((node) => node.up()));
      await cluster.ready();
    } catch (error) {
      cluster.tell();
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get redis(): ServerVictim {
    if (this.#redis === undefined) throw new Error('this cluster has no Redis');
    return this.#redis;
  }

  get servers(): readonly ServerVictim[] {
    return [this.mariadb, this.mongodb, ...(this.#redis === undefined ? [] : [this.#redis])];
  }

  get brokers(): readonly Node[] {
    return this.nodes.filter(({ role }) => role === 'broker' || role === 'all');
  }

  get broker(): readonly [Node, Node] {
    return this.brokers as unknown as readonly [Node, Node];
  }

  get worker(): readonly [Node, Node] {
    return this.workers as unknown as readonly [Node, Node];
  }

  get workers(): readonly Node[] {
    return this.nodes.filter(({ role }) => role === 'worker');
  }

  get apis(): readonly Node[] {
    return this.nodes.filter(({ role }) => role === 'api' || role === 'all');
  }

  /** Resolves when every node that is up says it may take traffic. */
  async ready(timeoutMs = 30_000): Promise<void> {
    await until(
      'a cluster that is ready',
      async () => {
        const answers = await Promise.all(this.nodes.filter(({ isUp }) => isUp).map(isReady));
        return answers.every(Boolean);
      },
      timeoutMs,
    );
  }

  /** A user who comes in by one broker first, and by the next one whenever that did not go well. */
  user(uid: string, firstBroker = 0, claims: Readonly<Record<string, unknown>> = {}): User {
    return new User(this.door(firstBroker), uid, mint({ sub: uid, ...claims }));
  }

  /** What a balancer does: the first connection goes to the broker given, each later one to the next. */
  door(firstBroker: number): Door {
    let connections = firstBroker;
    return {
      api: (token) => new Api(() => this.#apiUrl(), token),
      port: () => {
        const { brokers } = this;
        const { petrel, isUp, name } = brokers[connections++ % brokers.length]!;
        if (!isUp) throw new Error(`${name} does not run`);
        return petrel.port('mqtt');
      },
    };
  }

  /** Leaves MongoDB no byte to write to, in its files neither. */
  async fillMongo(): Promise<void> {
    const { disk, url, port } = this.mongodb;
    disk?.fill();
    const client = new MongoClient(url(port));
    const ballast = client.db().collection('ballast');
    try {
      for (let i = 0; disk !== undefined && i < maxBallast; i++)
        await ballast.insertOne({ ballast: largePage });
    } catch {
      // It is full.
    } finally {
      await client.close();
    }
  }

  async redisSetting(name: string, value: string): Promise<void> {
    await this.#tellRedis(['config', 'set', name, value]);
  }

  /** Redis forgets everything. */
  async emptyRedis(): Promise<void> {
    await this.#tellRedis(['flushall']);
  }

  async #tellRedis([command, ...args]: readonly [string, ...string[]]): Promise<void> {
    const { port, url } = this.redis;
    const redis = new Redis(url(port));
    await redis.call(command, ...args).finally(() => redis.disconnect());
  }

  /** Prints the last that the processes had to complain of, for whoever looks for the reason. */
  tell(): void {
    for (const { name, petrel, isUp } of this.nodes) {
      const lines = petrel.output.split('\n').filter((line) => /"level":"(warn|error|fatal)"/.test(line));
      const state = isUp ? '' : ' (not up)';
      process.stdout.write(`${name}${state}:\n${lines.slice(-8).map(shortened).join('\n')}\n`);
    }
  }

  /** Ends everything, whatever state it is in. */
  async stop(): Promise<void> {
    for (const victim of [...this.nodes, ...this.servers]) if (victim.pid > 0) thaw(victim);
    const endings = await Promise.allSettled([
      ...this.nodes.map(({ petrel }) => petrel.remove()),
      ...this.servers.map((server) => server.stop()),
    ]);
    await Promise.all(this.nodes.flatMap(({ links }) => Object.values(links).map((link) => link.close())));
    for (const ending of endings) if (ending.status === 'rejected') throw ending.reason;
  }

  #apiUrl(): string {
    const node = this.apis.find(({ isUp }) => isUp);
    if (node === undefined) throw new Error('no api runs');
    return node.petrel.url('http');
  }
}

async function isReady({ petrel }: Node): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(3000);
    return (await fetch(`${petrel.url('http')}/readyz`, { signal })).ok;
  } catch {
    return false;
  }
}

async function makeNode(
  name: string,
  role: Role,
  servers: Readonly<Partial<Record<ServerName, ServerVictim>>>,
  env: Readonly<Record<string, string>>,
): Promise<Node> {
  const made = Object.entries(servers).map(
    async ([server, { port }]) => [server, await Link.to(port)] as const,
  );
  const links = Object.fromEntries(await Promise.all(made)) as Partial<Record<ServerName, Link>>;
  const url = (server: ServerName) => servers[server]!.url(links[server]!.port);
  const petrel = new Petrel(
    {
      PETREL_STORE_TIMELINE: url('mongodb'),
      PETREL_STORE_DIRECTORY: url('mariadb'),
      ...(servers.redis && { PETREL_STORE_STATE: url('redis') }),
      PETREL_TOPICS_CUSTOM: customTopics,
      PETREL_LIMITS_REQUEST_PER_SECOND: '0',
      ...env,
    },
    ['--role', role],
  );
  let isUp = false;
  dieWithUs(() => (isUp ? petrel.pid : undefined));
  return {
    name,
    role,
    petrel,
    links,
    get pid() {
      return isUp ? petrel.pid : 0;
    },
    get isUp() {
      return isUp;
    },
    kill() {
      isUp = false;
      return petrel.kill();
    },
    async up() {
      await petrel.start();
      isUp = true;
    },
  };
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
