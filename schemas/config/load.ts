import { createConfig } from './create.ts';
import { type Environment, fileVariable, withEnvironment } from './environment.ts';
import { readConfigFile } from './file.ts';
import { ConfigError, type Problem } from './problems.ts';
import type { Config } from './schema.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** Sentences for the operator: what was passed over. */
  readonly warnings: readonly string[];
}

/**
 * Defaults, then the file (`file`, or else PETREL_CONFIG), then the variables. Throws ConfigError with everything
 * that is wrong, in the file and in the environment together.
 */
export function loadConfig(sources: {
  readonly file?: string | undefined;
  readonly env: Environment;
}): LoadedConfig {
  const file = sources.file ?? (sources.env[fileVariable] || undefined);
  const base = file === undefined ? {} : readConfigFile(file);
  const { input, problems, warnings } = withEnvironment(base, sources.env);
  const own = problemsOf(() => createConfig(input));
  if (own.config && problems.length === 0) return { config: own.config, warnings };
  throw new ConfigError([...problems, ...own.problems]);
}

function problemsOf(create: () => Config): { config?: Config; problems: readonly Problem[] } {
  try {
    return { config: create(), problems: [] };
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.problems };
    throw error;
  }
}
