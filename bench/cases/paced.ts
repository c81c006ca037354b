import type { LoadMode, LoadResult } from '../load/job.ts';
import type { Row, Section } from '../report.ts';
import type { Setting } from '../setting.ts';
import { introducePairs, mosquittoPairs, petrelPairs } from './pairs.ts';
import { alternate, cpuPer, faultsOf, load, withPeers } from './peers.ts';

const sendsPerSecond = 5000;

/** Latency at a steady rate well below the limit. */
export function paced(setting: Setting): Promise<Section> {
  return withPeers(setting, async ({ petrel, mosquitto }) => {
    await introducePairs(setting, petrel);
    const mode: LoadMode = {
      kind: 'paced',
      perSecond: sendsPerSecond,
      warmupMs: 3000,
      measureMs: 1000 * setting.seconds,
    };
    const rounds = await alternate(setting, {
      petrel: () => load(setting, petrel, petrelPairs(petrel, mode)),
      mosquitto: () => load(setting, mosquitto, mosquittoPairs(mode)),
    });
    const row = (name: string, figure: (result: LoadResult) => number, target?: string): Row => ({
      name,
      unit: 'ms',
      subject: rounds.petrel.map(figure),
      reference: rounds.mosquitto.map(figure),
      ...(target === undefined ? {} : { target }),
    });
    return {
      id: 'paced',
      title: `Latency at ${sendsPerSecond.toLocaleString('en')} sends a second`,
      method:
        'The 50 pairs of above together send at a fixed rate, a few messages each millisecond. Petrel acknowledges after the ' +
        'message is on disk (fsync).',
      subject: 'Petrel',
      reference: 'mosquitto',
      rows: [
        row('acknowledgement, p50', (result) => result.ackMs.p50, '≤ 1 ms'),
        row('acknowledgement, p99', (result) => result.ackMs.p99, '≤ 10 ms'),
        row('acknowledgement, p99.9', (result) => result.ackMs.p999),
        row('delivery, p50', (result) => result.deliveryMs.p50),
        row('delivery, p99', (result) => result.deliveryMs.p99),
        {
          name: 'server CPU a send',
          unit: 'µs',
          subject: cpuPer(rounds.petrel, 'acks'),
          reference: cpuPer(rounds.mosquitto, 'acks'),
        },
      ],
      faults: [...faultsOf('Petrel', rounds.petrel), ...faultsOf('mosquitto', rounds.mosquitto)],
    };
  });
}
