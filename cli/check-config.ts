import { loadConfig, roleProblems, roles } from '../schemas/config.ts';
import { choice, parsed, UsageError } from './arguments.ts';
import { exit, type Surroundings } from './surroundings.ts';

/** `petrel check-config [file]`: exit 0 where a server of the role would start with it, 78 with every reason where not. */
export async function checkConfig(args: readonly string[], around: Surroundings): Promise<number> {
  const { values, words } = parsed(
    args,
    { config: { type: 'string' }, role: { type: 'string', default: 'all' } },
    1,
  );
  const role = choice('--role', values.role, roles);
  if (values.config !== undefined && words[0] !== undefined)
    throw new UsageError('Name the file once: as a word or with --config.');
  const { config, warnings } = loadConfig({ file: words[0] ?? values.config, env: around.env });
  for (const warning of warnings) around.error(`petrel: warning: ${warning}`);
  const problems = roleProblems(config, role);
  for (const problem of problems) around.error(`petrel: configuration: ${problem}`);
  if (problems.length > 0) return exit.config;
  around.out('The configuration is right.');
  return exit.ok;
}
