import { ConfigError } from '../schemas/config.ts';
import { UsageError } from './arguments.ts';
import { chat } from './chat.ts';
import { checkConfig } from './check-config.ts';
import { exportStore, importStore, verify } from './moving.ts';
import { send } from './send.ts';
import { start } from './start.ts';
import { exit, type Surroundings } from './surroundings.ts';
import { tail } from './tail.ts';
import { token } from './token.ts';
import { usage } from './usage.ts';
import { version } from './version.ts';

const commands: ReadonlyMap<string, (args: readonly string[], around: Surroundings) => Promise<number>> =
  new Map([
    ['start', start],
    ['check-config', checkConfig],
    ['token', token],
    ['chat', chat],
    ['tail', tail],
    ['send', send],
    ['export', exportStore],
    ['import', importStore],
    ['verify', verify],
  ]);

/** Does what the command line says and answers the exit code. Never throws for what an operator can get wrong. */
export async function run(args: readonly string[], around: Surroundings): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--version' || name === '-v') return say(around, version());
  if (name === '--help' || name === '-h' || name === 'help') return say(around, usage);
  if (rest.includes('--help') || rest.includes('-h')) return say(around, usage);
  try {
    const command = commands.get(name ?? '');
    if (!command)
      throw new UsageError(name === undefined ? 'No command given.' : `Unknown command '${name}'.`);
    return await command(rest, around);
  } catch (error) {
    return refused(error, around);
  }
}

function say(around: Surroundings, text: string): number {
  around.out(text);
  return exit.ok;
}

function refused(error: unknown, around: Surroundings): number {
  if (error instanceof UsageError) {
    around.error(`petrel: ${error.message}\n\n${usage}`);
    return exit.usage;
  }
  if (error instanceof ConfigError) {
    for (const line of error.message.split('\n')) around.error(`petrel: configuration: ${line}`);
    return exit.config;
  }
  around.error(`petrel: ${error instanceof Error ? error.message : String(error)}`);
  return exit.failed;
}
