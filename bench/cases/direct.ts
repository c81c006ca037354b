import type { LoadMode } from '../load/job.ts';
import type { Section } from '../report.ts';
import type { Setting } from '../setting.ts';
import { introducePairs, mosquittoPairs, petrelPairs } from './pairs.ts';
import {
  alternate,
  busyPercent,
  cpuPer,
  faultsOf,
  load,
  perSecond,
  rssMegabytes,
  serverBusyPercent,
  withPeers,
} from './peers.ts';

const warmupMs = 3000;
const targets = { 8: '≥ 1.0 ×', 64: '≥ 1.5 ×' } as const;

/** Direct messages as fast as they go, with a small and a large window. */
export function direct(setting: Setting): Promise<Section> {
  return withPeers(setting, async ({ petrel, mosquitto }) => {
    await introducePairs(setting, petrel);
    const rows: Section['rows'][number][] = [];
    const faults: string[] = [];
    for (const window of [8, 64] as const) {
      const mode: LoadMode = { kind: 'window', window, warmupMs, measureMs: 1000 * setting.seconds };
      const rounds = await alternate(setting, {
        petrel: () => load(setting, petrel, petrelPairs(petrel, mode)),
        mosquitto: () => load(setting, mosquitto, mosquittoPairs(mode)),
      });
      const both = <T>(figure: (results: typeof rounds.petrel) => T): { subject: T; reference: T } => ({
        subject: figure(rounds.petrel),
        reference: figure(rounds.mosquitto),
      });
      const name = (what: string): string => `window ${window}: ${what}`;
      rows.push(
        {
          name: name('acknowledged sends'),
          unit: 'per second',
          ...both((results) => perSecond(results, 'acks')),
          target: targets[window],
        },
        {
          name: name('deliveries'),
          unit: 'per second',
          ...both((results) => perSecond(results, 'deliveries')),
        },
        {
          name: name('acknowledgement, p50'),
          unit: 'ms',
          ...both((results) => results.map((result) => result.ackMs.p50)),
        },
        {
          name: name('acknowledgement, p99'),
          unit: 'ms',
          ...both((results) => results.map((result) => result.ackMs.p99)),
        },
        { name: name('server CPU a send'), unit: 'µs', ...both((results) => cpuPer(results, 'acks')) },
        { name: name('server memory'), unit: 'MB', ...both(rssMegabytes) },
        { name: name('server busy'), unit: '%', ...both(serverBusyPercent) },
        { name: name('generator busy'), unit: '%', ...both(busyPercent) },
      );
      faults.push(...faultsOf('Petrel', rounds.petrel), ...faultsOf('mosquitto', rounds.mosquitto));
    }
    return {
      id: 'direct',
      title: 'Direct messages',
      method:
        '50 senders write to 50 receivers, each keeping its window of messages unacknowledged. Petrel stores a message, ' +
        'acknowledges it and delivers it twice, to the receiver and back to the sender; mosquitto forwards it once and stores nothing.',
      subject: 'Petrel',
      reference: 'mosquitto',
      rows,
      faults,
    };
  });
}
