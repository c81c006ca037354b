import { createLog, type Log } from '../ops/log.ts';
import { type Config, loadConfig, needsFolder, roleProblems, roles } from '../schemas/config.ts';
import { choice, parsed } from './arguments.ts';
import { prepareDataDir } from './data-dir.ts';
import { readyLine, welcome } from './ready.ts';
import { startFailure } from './start-failure.ts';
import { exit, type Server, type Surroundings } from './surroundings.ts';

/** How long a graceful stop may take. */
const stopTimeoutMs = 30_000;

/** `petrel start`: resolves with the exit code when the server has stopped. */
export async function start(args: readonly string[], around: Surroundings): Promise<number> {
  const { values } = parsed(args, {
    role: { type: 'string', default: 'all' },
    config: { type: 'string' },
  });
  const role = choice('--role', values.role, roles);
  const { config, warnings } = loadConfig({ file: values.config, env: around.env });
  const problems = roleProblems(config, role);
  for (const problem of problems) around.error(`petrel: configuration: ${problem}`);
  if (problems.length > 0) return exit.config;

  const log = createLog({ level: config.log.level, pretty: around.isTerminal });
  for (const warning of warnings) log.warn(warning);
  return serve(config, log, around, async () => {
    if (needsFolder(config.store)) prepareDataDir(config.dataDir);
    const compose = await around.loadCompose();
    return compose(config, { role, log });
  });
}

function serve(
  config: Config,
  log: Log,
  around: Surroundings,
  begin: () => Promise<Server>,
): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    let deadline: NodeJS.Timeout | undefined;
    const starting = begin();
    const endSignals = around.onStopSignal(stop);
    const endFaults = around.onFault((fault) => {
      log.fatal({ err: fault }, 'A fault nobody caught; the process ends.');
      finish(exit.failed);
    });

    function finish(code: number): void {
      clearTimeout(deadline);
      endSignals();
      endFaults();
      resolve(code);
    }

    // The first signal stops gracefully; a second one, or too long a wait, ends at once.
    function stop(signal: string): void {
      if (stopping) {
        finish(exit.failed);
        return;
      }
      stopping = true;
      log.info({ signal }, 'Stopping.');
      deadline = setTimeout(() => {
        log.error('Stopping took too long.');
        finish(exit.failed);
      }, around.stopTimeoutMs ?? stopTimeoutMs);
      starting
        .then((server) => server.close())
        .then(
          () => finish(exit.ok),
          (error: unknown) => {
            log.error({ err: error }, 'Stopping failed.');
            finish(exit.failed);
          },
        );
    }

    starting.then(
      (server) => {
        if (!stopping) announce(server, log, around);
      },
      (error: unknown) => {
        log.debug({ err: error }, 'The start failed.');
        around.error(`petrel: ${startFailure(error, config)}`);
        finish(exit.failed);
      },
    );
  });
}

// Scripts may wait for "Petrel is ready" on the output, whatever the level of the log.
function announce({ addresses, page }: Server, log: Log, around: Surroundings): void {
  if (around.isTerminal) {
    around.out(welcome(addresses, page));
    around.out(readyLine(addresses));
  } else if (log.isLevelEnabled('info')) log.info({ addresses }, readyLine(addresses));
  else around.out(readyLine(addresses));
}
