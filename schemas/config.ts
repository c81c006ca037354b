/** The configuration: types, defaults, checks and loading. */
export { createConfig } from './config/create.ts';
export { type LoadedConfig, loadConfig } from './config/load.ts';
export { ConfigError, type Problem } from './config/problems.ts';
export { areShared, does, needsFolder, type Role, roleProblems, roles } from './config/roles.ts';
export { type Config, type ConfigInput, configSchema } from './config/schema.ts';
