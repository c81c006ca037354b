import type { Config } from './schema.ts';

export const roles = ['all', 'broker', 'api', 'worker'] as const;
export type Role = (typeof roles)[number];

/** Whether a process of the role does this part of the work. */
export const does = (role: Role, part: Exclude<Role, 'all'>): boolean => role === 'all' || role === part;

/** Why a process of this role cannot be started with this configuration: `key: reason`, empty where it can. */
export function roleProblems({ store }: Config, role: Role): string[] {
  if (role === 'all') return [];
  // The roles are processes of their own: they share what is in the stores, and nothing else.
  return (
    [
      ['store.state', store.state === 'memory', 'redis://…'],
      ['store.timeline', store.timeline === 'sqlite', 'mongodb://…'],
      ['store.directory', store.directory === 'sqlite', 'mysql://…'],
    ] as const
  ).flatMap(([key, isLocal, wanted]) => (isLocal ? [`${key}: must be ${wanted} for the role ${role}`] : []));
}

/** Whether other processes store what this one stores. */
export const areShared = ({ timeline, directory }: Config['store']): boolean =>
  timeline !== 'sqlite' && directory !== 'sqlite';

/** Whether something of it is in `dataDir`. */
export const needsFolder = ({ timeline, directory, state }: Config['store']): boolean =>
  timeline === 'sqlite' || directory === 'sqlite' || state === 'memory';
