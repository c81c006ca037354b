import { findMariaDb } from '../servers/mariadb.ts';
import { findMongo } from '../servers/mongodb.ts';
import { withReal } from '../servers/not-available.ts';
import { findOwnRedis } from '../servers/redis.ts';

const all = () => Promise.all([findMongo(), findMariaDb(), findOwnRedis()]);

/** Registers tests of a cluster where its servers can be had. */
export const withServers = (register: () => void): Promise<void> =>
  withReal('redis, mariadb and mongodb', all, register);
