import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { clusterFanout, clusterSends } from './cases/cluster.ts';
import { direct } from './cases/direct.ts';
import { fanout } from './cases/fanout.ts';
import { idle } from './cases/idle.ts';
import { members } from './cases/members.ts';
import { paced } from './cases/paced.ts';
import { replay } from './cases/replay.ts';
import { social } from './cases/social.ts';
import { web } from './cases/web.ts';
import { documentHead, renderSection, replaceSection } from './report.ts';
import { describeSetting, findCores, type Setting } from './setting.ts';

const commands = {
  direct: [direct],
  paced: [paced],
  fanout: [fanout, members],
  idle: [idle],
  replay: [replay],
  social: [social],
  cluster: [clusterSends, clusterFanout],
  web: [web],
  all: [direct, paced, fanout, members, idle, replay, social, clusterSends, clusterFanout, web],
} as const;

const usage = `npm run bench -- ${Object.keys(commands).join('|')} [--rounds 3] [--seconds 5] [--profile <folder>] [--dry]
  --profile  write CPU profiles of Petrel's threads to the folder (its figures are then lower)
  --dry      print the tables without writing docs/benchmarks.md
Linux; mosquitto is installed from Debian where it can be; taskset pins the processes to cores.`;

const docs = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    profile: { type: 'string' },
    dry: { type: 'boolean', default: false },
  },
});

async function run(command: keyof typeof commands): Promise<void> {
  const setting: Setting = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    ...findCores(),
    profileDir: values.profile,
    log: (line) => process.stderr.write(`${line}\n`),
  };
  for (const measure of commands[command]) {
    const section = await measure(setting);
    const text = renderSection(section, describeSetting(setting));
    process.stdout.write(`${text}\n\n`);
    if (values.dry) continue;
    const document = await readFile(docs, 'utf8').catch(() => documentHead);
    await writeFile(docs, replaceSection(document, section.id, text));
  }
}

// Leaving by exit() ends the servers, too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const command = positionals[0];
if (command !== undefined && command in commands) await run(command as keyof typeof commands);
else {
  process.stderr.write(`${usage}\n`);
  process.exitCode = 2;
}
