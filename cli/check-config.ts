import { loadConfig, notBuiltYet } from '../schemas/config.ts';
import { parsed, UsageError } from './arguments.ts';
import { exit, type Surroundings } from './surroundings.ts';

/** `petrel check-config [file]`: exit 0 where a server would start with it, 78 with every reason where not. */
export async function checkConfig(args: readonly string[], around: Surroundings): Promise<number> {
  const { values, words } = parsed(args, { config: { type: 'string' } }, 1);
  if (values.config !== undefined && words[0] !== undefined)
    throw new UsageError('Name the file once: as a word or with --config.');
  const { config, warnings } = loadConfig({ file: words[0] ?? values.config, env: around.env });
  for (const warning of warnings) around.error(`petrel: warning: ${warning}`);
  const missing = notBuiltYet(config);
  for (const sentence of missing) around.error(`petrel: configuration: ${sentence}`);
  if (missing.length > 0) return exit.config;
  around.out('The configuration is right.');
  return exit.ok;
}
