import type { LoadMode, LoadResult } from '../load/job.ts';
import type { Section } from '../report.ts';
import { createGroup, post, startPetrel } from '../servers/petrel.ts';
import type { Setting } from '../setting.ts';
import { clientOf, cpuPer, faultsOf, introduce, load } from './peers.ts';
import { storedPerSend } from './stored.ts';

const onlineCount = 10;
const offlineCount = 10_000;
const sendsPerSecond = 1000;

/** What members who are not there add to the cost of a message: nothing, it is stored once. */
export async function members(setting: Setting): Promise<Section> {
  const petrel = await startPetrel({ core: setting.serverCore, profileDir: setting.profileDir });
  try {
    const online = names('online', onlineCount);
    const offline = names('offline', offlineCount);
    await introduce(setting, petrel, [...online, ...offline]);
    const small = await createGroup(petrel, online);
    const large = await createGroup(petrel, online);
    await post(petrel, online[0]!, `/groups/${large}/members`, { uids: offline });
    const mode: LoadMode = {
      kind: 'paced',
      perSecond: sendsPerSecond,
      warmupMs: 2000,
      measureMs: 1000 * setting.seconds,
    };
    const measure = (gid: string): Promise<LoadResult> =>
      load(setting, petrel, {
        clients: online.map((uid) => clientOf(petrel, uid, { publish: `send/g/${gid}` })),
        mode,
        deliveriesPerSend: onlineCount,
      });
    const results = { small: [] as LoadResult[], large: [] as LoadResult[] };
    for (let round = 0; round < setting.rounds; round++) {
      for (const size of round % 2 === 0 ? (['small', 'large'] as const) : (['large', 'small'] as const))
        results[size].push(await measure(size === 'small' ? small : large));
    }
    await petrel.stop();
    const [few, many] = [
      await storedPerSend(setting, online, []),
      await storedPerSend(setting, online, offline),
    ];
    return {
      id: 'members',
      title: 'Members who are offline',
      method: `Ten members who are online write ${sendsPerSecond.toLocaleString('en')} messages a second to a group without other members, and to one with 10,000 more who are offline. What a send adds to the files is measured on a server of its own for each, between two stops; there the members who are offline have read marks.`,
      subject: 'Petrel, 10,000 offline',
      reference: 'Petrel, none offline',
      rows: [
        {
          name: 'server CPU a send',
          unit: 'µs',
          subject: cpuPer(results.large, 'acks'),
          reference: cpuPer(results.small, 'acks'),
          target: '≤ 1.2 ×',
        },
        {
          name: 'acknowledgement, p99',
          unit: 'ms',
          subject: results.large.map((result) => result.ackMs.p99),
          reference: results.small.map((result) => result.ackMs.p99),
        },
        {
          name: 'on disk a send',
          unit: 'bytes',
          subject: [many.bytesPerSend],
          reference: [few.bytesPerSend],
          target: '≤ 1.2 ×',
        },
      ],
      faults: faultsOf('Petrel', [...results.small, ...results.large, few.result, many.result]),
    };
  } finally {
    await petrel.stop();
  }
}

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}_${i}`);
