import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadResult } from '../load/job.ts';
import {
  createGroup,
  makeHome,
  type PetrelServer,
  post,
  removeHome,
  startPetrel,
} from '../servers/petrel.ts';
import type { Setting } from '../setting.ts';
import { clientOf, introduce, load } from './peers.ts';

const sendsPerSecond = 1000;
const asksAtOnce = 20;

export interface Stored {
  readonly bytesPerSend: number;
  readonly result: LoadResult;
}

/**
 * What a send to a group adds to the files of the data folder, when the server has stopped and everything is in its place.
 * The members who are offline have read marks.
 */
export async function storedPerSend(
  setting: Setting,
  online: readonly string[],
  offline: readonly string[],
): Promise<Stored> {
  const home = await makeHome();
  const running = async <T>(work: (petrel: PetrelServer) => Promise<T>): Promise<T> => {
    const petrel = await startPetrel({ core: setting.serverCore, home });
    try {
      return await work(petrel);
    } finally {
      await petrel.stop();
    }
  };
  try {
    const gid = await running(async (petrel) => {
      await introduce(setting, petrel, [...online, ...offline]);
      const made = await createGroup(petrel, online);
      if (offline.length > 0) await post(petrel, online[0]!, `/groups/${made}/members`, { uids: offline });
      await markRead(petrel, made, offline);
      return made;
    });
    const run = (seconds: number): Promise<{ events: number; result: LoadResult }> =>
      running(async (petrel) => {
        const before = await headOf(petrel, online[0]!, gid);
        const result = await load(setting, petrel, {
          clients: online.map((uid) => clientOf(petrel, uid, { publish: `send/g/${gid}` })),
          mode: { kind: 'paced', perSecond: sendsPerSecond, warmupMs: 1000, measureMs: 1000 * seconds },
          deliveriesPerSend: online.length,
        });
        return { result, events: (await headOf(petrel, online[0]!, gid)) - before };
      });
    // Files that are used again have their size after this.
    await run(setting.seconds);
    const before = await bytesIn(home.dataDir);
    const { events, result } = await run(2 * setting.seconds);
    return { bytesPerSend: ((await bytesIn(home.dataDir)) - before) / events, result };
  } finally {
    await removeHome(home);
  }
}

async function markRead(petrel: PetrelServer, gid: string, uids: readonly string[]): Promise<void> {
  const waiting = uids.values();
  const marker = async (): Promise<void> => {
    for (const uid of waiting)
      await ask(petrel, uid, `/conversations/g:${gid}`, {
        method: 'PATCH',
        body: JSON.stringify({ read: 1e6 }),
      });
  };
  await Promise.all(Array.from({ length: asksAtOnce }, marker));
}

async function headOf(petrel: PetrelServer, uid: string, gid: string): Promise<number> {
  const { head } = (await ask(petrel, uid, `/conversations/g:${gid}`, {})) as { head: { seq: number } };
  return head.seq;
}

async function ask(petrel: PetrelServer, uid: string, path: string, init: RequestInit): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${petrel.httpPort}/v1${path}`, {
    ...init,
    headers: { authorization: `Bearer ${petrel.tokenOf(uid)}`, 'content-type': 'application/json' },
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const files = await Promise.all(names.map((name) => stat(join(folder, name))));
  return files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}
