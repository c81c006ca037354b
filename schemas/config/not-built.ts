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
    key: 'store.state',
    isWanted: ({ store }) => store.state !== 'memory',
    message: 'Redis is not built yet; use memory',
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
