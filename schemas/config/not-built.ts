import type { Config } from './schema.ts';

export const roles = ['all', 'broker', 'api', 'worker'] as const;
export type Role = (typeof roles)[number];

interface NotBuilt {
  readonly key: string;
  readonly isWanted: (config: Config, role: Role) => boolean;
  readonly message: string;
}

/** Keys that are checked already, but whose feature is still to come: the one list of them. */
export const notBuilt: readonly NotBuilt[] = [
  {
    key: 'store.timeline',
    isWanted: ({ store }) => store.timeline !== 'sqlite',
    message: 'MongoDB is not built yet; use sqlite',
  },
  {
    key: 'store.state',
    isWanted: ({ store }) => store.state !== 'memory',
    message: 'Redis is not built yet; use memory',
  },
  {
    key: 'direct.policy',
    isWanted: ({ direct }) => direct.policy !== 'anyone',
    message: 'friends are not built yet; use anyone',
  },
  {
    key: 'devices.policy',
    isWanted: ({ devices }) => devices.policy !== 'multi',
    message: 'device policies are not built yet; use multi',
  },
  {
    key: '--role',
    isWanted: (_, role) => role !== 'all',
    message: 'roles are not built yet; use all',
  },
];

/** What this configuration asks for and this version does not do yet: `key: message`, empty where all is there. */
export const notBuiltYet = (config: Config, role: Role = 'all'): string[] =>
  notBuilt.filter(({ isWanted }) => isWanted(config, role)).map(({ key, message }) => `${key}: ${message}`);
