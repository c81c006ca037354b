import type { Client } from '../../sdk/types.ts';
import type { Surroundings } from '../surroundings.ts';

/** Resolves when the process is asked to stop, or with why the server signed the user out. */
export function ended(client: Client, around: Surroundings): Promise<string | undefined> {
  return new Promise((resolve) => {
    const off = [
      around.onStopSignal(() => finish(undefined)),
      client.on('signed-out', (reason) => finish(reason)),
    ];
    const finish = (reason: string | undefined): void => {
      for (const end of off) end();
      resolve(reason);
    };
  });
}
