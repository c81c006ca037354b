import { after, before } from 'node:test';
import type { RedisServer } from '../servers/redis.ts';
import { Petrel } from './petrel.ts';
import type { User } from './user.ts';

/** Two servers on one Redis, each with a timeline and a directory of its own. */
export interface TwoNodes<R> {
  readonly redis: R;
  readonly nodes: readonly [Petrel, Petrel];
  /** One user, as each node knows them; no other has the name. */
  userOnBoth(name: string): [User, User];
}

/** Registers their start and their end with the suite; what is answered is there when its tests run. */
export function twoNodes<R extends Pick<RedisServer, 'newDatabase' | 'stop'>>(
  startRedis: () => Promise<R>,
  env: Readonly<Record<string, string>>,
): TwoNodes<R> {
  let redis: R;
  let nodes: [Petrel, Petrel];
  let users = 0;
  before(async () => {
    redis = await startRedis();
    const shared = { PETREL_STORE_STATE: await redis.newDatabase(), ...env };
    nodes = [new Petrel(shared), new Petrel(shared)];
    await Promise.all(nodes.map((node) => node.start()));
  });
  after(async () => {
    await Promise.all(nodes.map((node) => node.remove()));
    await redis.stop();
  });
  return {
    get redis() {
      return redis;
    },
    get nodes() {
      return nodes;
    },
    userOnBoth(name) {
      users++;
      const uid = `${name}-${users}`;
      return [nodes[0].known(uid), nodes[1].known(uid)];
    },
  };
}
