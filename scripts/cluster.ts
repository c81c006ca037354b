import process from 'node:process';
import { does, type Role, roles } from '../schemas/config.ts';
import { Cluster, wholeCluster } from '../test/cluster/cluster.ts';
import { mint } from '../test/support/token.ts';

const usage = `npm run cluster [-- ROLE…]

Starts a cluster on this machine: Redis, MariaDB, MongoDB (or what speaks its protocol) and a process for each ROLE
(${roles.join(', ')}; ${wholeCluster.join(' ')} where none is given). All of it ends, and its data is removed, at Ctrl-C.`;

/** The roles that were asked for; undefined where a word is none. */
function rolesOf(words: readonly string[]): readonly Role[] | undefined {
  const asked = words.flatMap((word) => roles.find((role) => role === word) ?? []);
  if (asked.length < words.length) return undefined;
  return asked.length === 0 ? wholeCluster : asked;
}

const doorsOf = (role: Role) =>
  does(role, 'broker') ? (['mqtt', 'ws', 'http'] as const) : (['http'] as const);

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

async function run(asked: readonly Role[]): Promise<void> {
  // The harness of the tests ends its process at once; here everything is put away first, unless asked twice.
  const asksToStop = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.removeAllListeners(signal);
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve();
      });
    }
  });
  const cluster = await Cluster.start({ roles: asked, env: { PETREL_LOG_LEVEL: 'info' } });
  for (const { name, role, petrel, pid } of cluster.nodes)
    say(
      `${name.padEnd(10)} pid ${pid}  ${doorsOf(role)
        .map((door) => petrel.url(door))
        .join('  ')}`,
    );
  for (const { name, port, pid } of cluster.servers) say(`${name.padEnd(10)} pid ${pid}  127.0.0.1:${port}`);
  say(`
Tokens, good for an hour:
  ALICE=${mint({ sub: 'alice' })}
  ADMIN=${mint({ sub: 'admin', scope: 'admin' })}

The cluster runs. Ctrl-C ends it and removes its data.`);
  await asksToStop;
  say('Ending…');
  await cluster.stop();
}

const asked = rolesOf(process.argv.slice(2));
if (asked === undefined) {
  process.stderr.write(`${usage}\n`);
  process.exitCode = 64;
} else await run(asked);
