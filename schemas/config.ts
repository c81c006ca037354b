/** The configuration: types, defaults, checks and loading. */
export { createConfig } from './config/create.ts';
export { type LoadedConfig, loadConfig } from './config/load.ts';
export { notBuiltYet, type Role, roles } from './config/not-built.ts';
export { ConfigError, type Problem } from './config/problems.ts';
export { type Config, type ConfigInput, configSchema } from './config/schema.ts';
