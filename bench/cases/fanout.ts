import type { LoadMode } from '../load/job.ts';
import type { Section } from '../report.ts';
import { createGroup } from '../servers/petrel.ts';
import type { Setting } from '../setting.ts';
import {
  alternate,
  busyPercent,
  clientOf,
  cpuPer,
  faultsOf,
  introduce,
  load,
  perSecond,
  rssMegabytes,
  serverBusyPercent,
  withPeers,
} from './peers.ts';

const memberCount = 1000;
const senderCount = 10;

/** A group with 1,000 members online, ten of whom write as fast as they can. */
export function fanout(setting: Setting): Promise<Section> {
  return withPeers(setting, async ({ petrel, mosquitto }) => {
    const uids = Array.from({ length: memberCount }, (_, i) => `member_${i}`);
    await introduce(setting, petrel, uids);
    const gid = await createGroup(petrel, uids);
    const mode: LoadMode = { kind: 'window', window: 1, warmupMs: 3000, measureMs: 1000 * setting.seconds };
    const publish = (index: number, topic: string) => (index < senderCount ? { publish: topic } : {});
    const common = { mode, deliveriesPerSend: memberCount };
    const members = uids.map((uid, i) => clientOf(petrel, uid, publish(i, `send/g/${gid}`)));
    const subscribers = uids.map((uid, i) =>
      clientOf(undefined, uid, { subscribe: ['g/all'], ...publish(i, 'g/all') }),
    );
    const rounds = await alternate(setting, {
      petrel: () => load(setting, petrel, { clients: members, ...common }),
      mosquitto: () => load(setting, mosquitto, { clients: subscribers, ...common }),
    });
    const both = (figure: (results: typeof rounds.petrel) => number[]) => ({
      subject: figure(rounds.petrel),
      reference: figure(rounds.mosquitto),
    });
    return {
      id: 'fanout',
      title: 'Messages to a group of 1,000',
      method: `All ${memberCount.toLocaleString('en')} members are online and get every message; ${senderCount} of them write, each with one message unacknowledged. mosquitto: one topic with as many subscribers.`,
      subject: 'Petrel',
      reference: 'mosquitto',
      rows: [
        {
          name: 'deliveries',
          unit: 'per second',
          ...both((results) => perSecond(results, 'deliveries')),
          target: '≥ 3.0 ×',
        },
        { name: 'delivery, p50', unit: 'ms', ...both((results) => results.map((r) => r.deliveryMs.p50)) },
        { name: 'delivery, p99', unit: 'ms', ...both((results) => results.map((r) => r.deliveryMs.p99)) },
        { name: 'server CPU a delivery', unit: 'µs', ...both((results) => cpuPer(results, 'deliveries')) },
        { name: 'server memory', unit: 'MB', ...both(rssMegabytes) },
        { name: 'server busy', unit: '%', ...both(serverBusyPercent) },
        { name: 'generator busy', unit: '%', ...both(busyPercent) },
      ],
      faults: [...faultsOf('Petrel', rounds.petrel), ...faultsOf('mosquitto', rounds.mosquitto)],
    };
  });
}
