import type { Job } from '../generator.ts';
import type { LoadMode } from '../load/job.ts';
import type { PetrelServer } from '../servers/petrel.ts';
import type { Setting } from '../setting.ts';
import { clientOf, introduce } from './peers.ts';

const pairs = 50;

type Pairs = Pick<Job, 'clients' | 'mode' | 'deliveriesPerSend'>;

/** alice_i writes to bob_i. The sender, too, gets every message as an event: two deliveries a send. */
export function petrelPairs(petrel: PetrelServer, mode: LoadMode): Pairs {
  const clients = numbers.flatMap((i) => [
    clientOf(petrel, `alice_${i}`, { publish: `send/u/bob_${i}` }),
    clientOf(petrel, `bob_${i}`, {}),
  ]);
  return { clients, mode, deliveriesPerSend: 2 };
}

/** The same with a topic a pair: one delivery a send. */
export function mosquittoPairs(mode: LoadMode): Pairs {
  const clients = numbers.flatMap((i) => [
    clientOf(undefined, `alice_${i}`, { publish: `t/${i}` }),
    clientOf(undefined, `bob_${i}`, { subscribe: [`t/${i}`] }),
  ]);
  return { clients, mode, deliveriesPerSend: 1 };
}

/** Makes the users that petrelPairs connects. */
export const introducePairs = (setting: Setting, petrel: PetrelServer): Promise<void> =>
  introduce(
    setting,
    petrel,
    numbers.flatMap((i) => [`alice_${i}`, `bob_${i}`]),
  );

const numbers = Array.from({ length: pairs }, (_, i) => i);
